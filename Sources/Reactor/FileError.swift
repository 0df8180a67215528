/// An error that names a file or folder and says what is wrong with it.
public protocol FileError: Error {
    /// Describes a system call that failed for `path`.
    init(_ path: String, _ error: SystemError)
}

extension FileError {
    /// Describes the failure of the system call that has just returned.
    public static func last(_ path: String, _ call: String) -> Self { Self(path, .last(call)) }

    /// Does something with the file `path`, and names it when the system fails.
    public static func naming<Value: ~Copyable>(
        _ path: @autoclosure () -> String,
        _ body: () throws(SystemError) -> Value
    ) throws(Self) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            throw Self(path(), error)
        }
    }
}
