import CNghttp2
import Glibc

/// The frame buffers of one thread's sessions.
///
/// nghttp2 allocates a buffer of 16 KiB for each session and keeps it as long as the session lives, although nothing in
/// it is needed while nothing is being sent. Here such buffers lie on pages of their own, so that an idle session can
/// hand the memory behind them back to the system, which gives it zeroed pages when it next writes there.
@safe
final class FrameMemory {
    /// Allocations of this size and more are frame buffers: nothing else that nghttp2 allocates is as large.
    private static let smallestFrameBuffer = 16 * 1024
    private static let pageBytes = 4096
    private static let blockBytes = 20 * 1024
    private static let blocksPerSlab = 64
    /// Unused blocks that keep their memory.
    private static let warmBlocks = 1024

    /// Addresses of the slabs, ascending.
    private var slabs: [UInt] = []
    private var free: [UnsafeMutableRawPointer] = unsafe []
    /// The block that was taken last; `nil` when memory came from elsewhere.
    private(set) var newest: UnsafeMutableRawPointer?

    /// The allocator in the form that nghttp2 takes; this object must outlive its sessions.
    var allocator: nghttp2_mem {
        unsafe nghttp2_mem(
            mem_user_data: Unmanaged.passUnretained(self).toOpaque(),
            malloc: { size, _ in unsafe malloc(size) },
            free: { block, context in
                guard let block = unsafe block, let context = unsafe context else { return }
                if unsafe !frameMemory(context).give(block) { unsafe Glibc.free(block) }
            },
            calloc: { count, size, _ in unsafe calloc(count, size) },
            realloc: { block, size, context in
                guard let context = unsafe context else { return nil }
                return unsafe frameMemory(context).resize(block, to: size)
            }
        )
    }

    /// Hands the memory behind a block back, which stays usable.
    func discardContent(of block: UnsafeMutableRawPointer) {
        unsafe _ = madvise(block, Self.blockBytes, MADV_DONTNEED)
    }

    /// nghttp2 allocates buffers by resizing none.
    private func resize(_ block: UnsafeMutableRawPointer?, to size: Int) -> UnsafeMutableRawPointer? {
        if let block = unsafe block, holds(UInt(bitPattern: block)) {
            if size <= Self.blockBytes { return unsafe block }
            guard let larger = unsafe malloc(size) else { return nil }
            unsafe larger.copyMemory(from: block, byteCount: Self.blockBytes)
            unsafe _ = give(block)
            return unsafe larger
        }
        guard unsafe block == nil, Self.smallestFrameBuffer...Self.blockBytes ~= size else {
            return unsafe realloc(block, size)
        }
        unsafe newest = nil
        if unsafe free.isEmpty, !addSlab() { return unsafe malloc(size) }
        unsafe newest = unsafe free.removeLast()
        return unsafe newest
    }

    private func addSlab() -> Bool {
        let bytes = Self.blockBytes * Self.blocksPerSlab
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let slab = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0),
            unsafe slab != MAP_FAILED
        else {
            return false
        }
        let address = UInt(bitPattern: slab)
        slabs.insert(address, at: slabs.firstIndex { $0 > address } ?? slabs.count)
        for index in (0..<Self.blocksPerSlab).reversed() {
            unsafe free.append(slab + index * Self.blockBytes)
        }
        return true
    }

    /// Takes a block back.
    /// - Returns: `false` when it is none of these.
    private func give(_ block: UnsafeMutableRawPointer) -> Bool {
        let address = UInt(bitPattern: block)
        // Nearly everything that nghttp2 frees is small and not at the beginning of a page.
        guard address % UInt(Self.pageBytes) == 0, holds(address) else { return false }
        if unsafe free.count >= Self.warmBlocks { unsafe discardContent(of: block) }
        unsafe free.append(block)
        return true
    }

    private func holds(_ address: UInt) -> Bool {
        var lower = 0
        var upper = slabs.count
        while lower < upper {
            let middle = (lower + upper) / 2
            if slabs[middle] <= address { lower = middle + 1 } else { upper = middle }
        }
        return lower > 0 && address - slabs[lower - 1] < UInt(Self.blockBytes * Self.blocksPerSlab)
    }
}

/// The memory that an allocator's call is about.
private func frameMemory(_ context: UnsafeMutableRawPointer) -> FrameMemory {
    unsafe Unmanaged<FrameMemory>.fromOpaque(context).takeUnretainedValue()
}
