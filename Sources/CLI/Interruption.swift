import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// Ctrl-C, or a request to end, as a flag that long work looks at. The second one ends the process at once.
enum Interruption {
  private static let flag = Atomic(false)

  /// Takes over SIGINT and SIGTERM, which whoever started the process may have blocked.
  static func watch() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.flag.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
      sigaddset(&signals, number)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  static var isRequested: Bool { flag.load(ordering: .relaxed) }
}
