public import Bytes
public import HTTP

/// Memory that the sessions of one thread share, each for the length of one call, and what they reuse.
public final class HTTP2Scratch {
    let fields = FieldList()
    let frames = FrameMemory()
    let heads: RequestHeadPool
    let buffers: BufferPool

    /// Makes the memory of one thread.
    /// - Parameters:
    ///   - heads: where heads of requests come from.
    ///   - buffers: where buffers for bodies of requests come from.
    public init(heads: RequestHeadPool, buffers: BufferPool) {
        self.heads = heads
        self.buffers = buffers
    }
}
