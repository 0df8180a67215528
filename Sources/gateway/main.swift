import CellucidGateway
import FoundationEssentials
import Glibc

exit(
    GatewayCommand.main(
        arguments: Array(CommandLine.arguments.dropFirst()),
        environment: ProcessInfo.processInfo.environment
    )
)
