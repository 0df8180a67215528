import CLinux
import Glibc

/// What the machine gives this process.
public enum Processors {
    /// Number of processors the process may run on (its affinity mask); at least 1.
    public static var available: Int { max(1, Int(gateway_available_processors())) }
}
