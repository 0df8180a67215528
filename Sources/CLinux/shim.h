// Linux calls and constants that Swift's Glibc module lacks. Prototypes that glibc hides behind _GNU_SOURCE
// are repeated here: defining that macro would change types which the Glibc module already has.
#ifndef GATEWAY_CLINUX_SHIM_H
#define GATEWAY_CLINUX_SHIM_H

#include <errno.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern int pthread_setname_np(pthread_t thread, const char *name);

// openat2(2) has no wrapper in glibc 2.36.
static inline int gateway_openat2(int directory, const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = 0, .resolve = resolve};
    return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

// Number of processors that this process may run on; 0 when it cannot be asked.
static inline int gateway_available_processors(void) {
    unsigned long mask[128] = {0};
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int count = 0;
    for (long i = 0; i < bytes / (long)sizeof mask[0]; i++) count += __builtin_popcountl(mask[i]);
    return count;
}

// The union inside epoll_event, as the one 64-bit token that we use.
static inline uint64_t gateway_epoll_token(const struct epoll_event *event) { return event->data.u64; }

// Bytes in a socket's send queue that the peer has not acknowledged (SIOCOUTQ, tcp(7)); -1 when it cannot be asked.
static inline int gateway_send_queue(int descriptor) {
    int bytes = 0;
    return ioctl(descriptor, TIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

static inline int gateway_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

#endif
