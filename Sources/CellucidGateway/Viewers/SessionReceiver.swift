import Bytes
import HTTP
import Reactor
import Server
import Viewers

/// Receives session bundles of subscribers' viewers (contract 1.8): pieces go to the disk as they come, so that a large
/// one needs no more memory than a small one, and a slow disk slows the page down.
struct SessionReceiver {
    /// Bytes that are written at once.
    private static let pieceBytes = 256 * 1024

    private let service: ViewerService

    /// Receives for the viewers of `service`.
    init(_ service: ViewerService) { self.service = service }

    /// Answers an upload.
    /// - Parameters:
    ///   - exchange: the upload, of which nothing has been read.
    ///   - key: which bundle.
    func receive(_ exchange: Exchange, _ key: SessionKey) async {
        var announced: Int?
        let request = exchange.request
        if let length = request.value(.contentLength) { announced = Int(length.text()) }
        let upload: SessionUpload
        switch await service.beginUpload(key, announced: announced) {
        case .success(let begun): upload = begun
        case .failure(let error):
            if error.status == 500 { await service.reportFailure(key, error) }
            Self.refuse(exchange, error)
            return
        }
        if let error = await read(exchange.body, into: upload) {
            await discard(upload)
            await service.failUpload(key, error)
            Self.refuse(exchange, error)
            return
        }
        switch await service.finishUpload(upload, key) {
        case .success(let bytes): exchange.answer(json: Array("{\"status\":\"ok\",\"bytes\":\(bytes)}".utf8))
        case .failure(let error): Self.refuse(exchange, error)
        }
    }

    /// - Returns: why the upload failed, if it did.
    private func read(_ body: RequestBody, into upload: SessionUpload) async -> SessionUploadError? {
        body.limit = UInt64(upload.announced)
        let buffer = ByteBuffer(capacity: Self.pieceBytes + 64 * 1024)
        var received = 0
        while !body.isFinished {
            do throws(RequestBodyError) {
                received += try await body.read(into: buffer)
            } catch {
                return .short(received: received, announced: upload.announced)
            }
            if buffer.count < Self.pieceBytes, !body.isFinished { continue }
            let piece = buffer.unread.copied()
            buffer.removeAll()
            let failure: SessionUploadError? = await service.pool.run {
                do throws(SessionUploadError) {
                    try upload.append(piece.span)
                    return nil
                } catch {
                    return error
                }
            }
            if let failure { return failure }
        }
        return nil
    }

    private func discard(_ upload: SessionUpload) async { await service.pool.run { upload.cancel() } }

    private static func refuse(_ exchange: Exchange, _ error: SessionUploadError) {
        exchange.response.status = Status(UInt16(error.status))
        exchange.response.fields.add("Cache-Control", "no-store")
        exchange.addOwnFields()
        exchange.response.fields.add("Content-Type", "text/plain; charset=utf-8")
        exchange.response.fields.add("X-Content-Type-Options", "nosniff")
        // As the Cellucid servers write it: without a line feed.
        exchange.response.body = .bytes(Array(error.text.utf8))
    }
}
