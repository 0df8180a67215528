/// Gives every folder its own mount, the same one at every scan of the same folders.
enum MountAssignment {
    /// The mounts of folders whose wanted names are `names`, in the same order.
    ///
    /// A name that is a valid mount goes to its first folder, before any name that has to be mapped; everyone
    /// else gets `-2`, `-3`, … in order.
    static func mounts(for names: [String], reservedMounts: Set<String>) -> [String] {
        var mounts = [String](repeating: "", count: names.count)
        var taken = Set<String>(minimumCapacity: names.count)
        var waiting: [Int] = []
        for (index, name) in names.enumerated() {
            if MountName.isValid(name, reservedMounts: reservedMounts), taken.insert(name).inserted {
                mounts[index] = name
            } else {
                waiting.append(index)
            }
        }
        for index in waiting {
            var mount = MountName.mapped(names[index], reservedMounts: reservedMounts)
            if taken.contains(mount) {
                mount = MountName.firstFree(number: 2, of: mount) {
                    !taken.contains($0) && MountName.isValid($0, reservedMounts: reservedMounts)
                }
            }
            taken.insert(mount)
            mounts[index] = mount
        }
        return mounts
    }
}
