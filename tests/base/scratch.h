/*
 * A folder to work in, as somebody who may not do everything: a test that root runs goes on as an ordinary user, so
 * that what may not be read is not read.  The folder is the working directory until scratch_end.
 */
#ifndef TESTS_BASE_SCRATCH_H
#define TESTS_BASE_SCRATCH_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SCRATCH_NOBODY = 65534 };

static char scratch_folder[256];

/* Can this test become root again? */
static inline bool scratch_as_root(void)
{
    uid_t real, effective, saved;
    return getresuid(&real, &effective, &saved) == 0 && saved == 0;
}

/* The leak sanitizer looks into its own process, which a change of user forbids until it is allowed again. */
static inline void scratch_user(uid_t user)
{
    if (!scratch_as_root())
        return;
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(user), 0);
    assert_int_equal(setresuid(user, user, 0), 0);
    assert_int_equal(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
}

static inline void scratch_begin_in(const char *above)
{
    (void)snprintf(scratch_folder, sizeof scratch_folder, "%s/groundwork-test-XXXXXX", above);
    assert_non_null(mkdtemp(scratch_folder));
    if (scratch_as_root())
        assert_int_equal(chown(scratch_folder, SCRATCH_NOBODY, SCRATCH_NOBODY), 0);
    assert_int_equal(chdir(scratch_folder), 0);
    (void)umask(022);
    scratch_user(SCRATCH_NOBODY);
}

static inline void scratch_begin(void)
{
    const char *above = getenv("TMPDIR");
    scratch_begin_in(above != NULL ? above : "/tmp");
}

/* In memory where there is such a place: tens of thousands of folders take a disk long. */
static inline void scratch_begin_quick(void)
{
    if (access("/dev/shm", W_OK | X_OK) == 0)
        scratch_begin_in("/dev/shm");
    else
        scratch_begin();
}

/* rm knows trees that are deeper than any path may be long. */
static inline void scratch_remove(const char *path)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static inline void scratch_end(void)
{
    scratch_user(0);
    assert_int_equal(chdir("/"), 0);
    scratch_remove(scratch_folder);
}

static inline void scratch_file(const char *path, const void *content, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    for (size_t done = 0; done < n;) {
        ssize_t wrote = write(fd, (const char *)content + done, n - done);
        assert_true(wrote > 0);
        done += (size_t)wrote;
    }
    assert_int_equal(close(fd), 0);
}

static inline void scratch_text(const char *path, const char *content)
{
    scratch_file(path, content, strlen(content));
}

static inline void scratch_mkdir(const char *path)
{
    assert_int_equal(mkdir(path, 0755), 0);
}

/* scratch_time: the times of a name itself, so that a later change shows. */
static inline void scratch_time(const char *path, time_t seconds, long nanoseconds)
{
    struct timespec when[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, when, AT_SYMLINK_NOFOLLOW), 0);
}

#endif
