/*
 * toy.c: small programs that keep three letters in a folder, rightly or wrongly; the crash machinery is tested on them.
 *
 * toy HABIT FOLDER.  The promise of every habit: once "kept N" is printed, letter N is in the folder, whole; and
 * whatever bears the name of a letter is whole always.  toy_check.sh holds the states against that promise.
 */
#include "plain.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LETTERS = 3, LETTER_BYTES = 3000 };

static void must(bool good, const char *what)
{
    if (!good)
        die(PLAIN_ENVIRONMENT, "%s: %s", what, strerror(errno));
}

/* A letter is the same line over and over, so that the checker knows a whole one by size and last line. */
static void letter(int number, char ret[LETTER_BYTES])
{
    char line[32];
    size_t line_bytes = (size_t)snprintf(line, sizeof(line), "letter %d of a toy\n", number);
    for (size_t i = 0; i < LETTER_BYTES; i++)
        ret[i] = line[i % line_bytes];
    ret[LETTER_BYTES - 1] = '\n';
}

static void sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(fd >= 0 && fsync(fd) == 0, "sync the folder");
    close(fd);
}

static void write_letter(int fd, int number)
{
    char bytes[LETTER_BYTES];
    letter(number, bytes);
    struct iovec halves[2] = {{bytes, 700}, {bytes + 700, 800}};
    must(writev(fd, halves, 2) == 1500, "write");
    must(pwrite(fd, bytes + 1500, LETTER_BYTES - 1500, 1500) == LETTER_BYTES - 1500, "write");
}

static int temporary(const char *folder, int number, char ret_from[64], char ret_to[64])
{
    must(strlen(folder) < 40, "use a short folder");
    snprintf(ret_from, 64, "%s/new%d", folder, number);
    snprintf(ret_to, 64, "%s/letter%d", folder, number);
    int fd = open(ret_from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    must(fd >= 0, ret_from);
    return fd;
}

static void say_kept(int number)
{
    printf("kept %d\n", number);
    fflush(stdout);
}

enum flaw { NO_FLAW, NO_FILE_SYNC, NO_FOLDER_SYNC, LATE_FILE_SYNC, LATE_FOLDER_SYNC };

static void keep_letter(const char *folder, int number, enum flaw flaw)
{
    char from[64], to[64];
    int fd = temporary(folder, number, from, to);
    write_letter(fd, number);
    if (flaw != NO_FILE_SYNC && flaw != LATE_FILE_SYNC)
        must(fsync(fd) == 0, "sync");
    must(rename(from, to) == 0, "rename");
    if (flaw != NO_FOLDER_SYNC && flaw != LATE_FOLDER_SYNC)
        sync_folder(folder);
    say_kept(number);
    if (flaw == LATE_FILE_SYNC)
        must(fsync(fd) == 0, "sync");
    if (flaw == LATE_FOLDER_SYNC)
        sync_folder(folder);
    close(fd);
}

/* Written in a folder of drafts, moved across: only the new folder's sync makes it kept. */
static void keep_moved(const char *folder, int number, bool syncs_new_folder)
{
    char drafts[64], from[80], to[64];
    snprintf(drafts, sizeof(drafts), "%s/drafts", folder);
    must(mkdir(drafts, 0700) == 0 || errno == EEXIST, "mkdir");
    snprintf(from, sizeof(from), "%s/new%d", drafts, number);
    snprintf(to, sizeof(to), "%s/letter%d", folder, number);
    int fd = open(from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    must(fd >= 0, from);
    write_letter(fd, number);
    must(fsync(fd) == 0, "sync");
    close(fd);
    must(rename(from, to) == 0, "rename");
    if (syncs_new_folder)
        sync_folder(folder);
    say_kept(number);
}

/* The letter is written over the old one where it stands. */
static void keep_in_place(const char *folder, int number)
{
    char to[64];
    snprintf(to, sizeof(to), "%s/letter%d", folder, number);
    int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    must(fd >= 0, to);
    write_letter(fd, number);
    must(fdatasync(fd) == 0, "sync");
    close(fd);
    sync_folder(folder);
    say_kept(number);
}

/* The three ways around the recorder. */
static void keep_by_map(const char *folder, int number)
{
    char from[64], to[64], bytes[LETTER_BYTES];
    int made = temporary(folder, number, from, to);
    close(made);
    int fd = open(from, O_RDWR | O_CLOEXEC);
    must(fd >= 0 && ftruncate(fd, LETTER_BYTES) == 0, "truncate");
    void *mapped = mmap(NULL, LETTER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    must(mapped != MAP_FAILED, "map");
    letter(number, bytes);
    memcpy(mapped, bytes, LETTER_BYTES);
    must(munmap(mapped, LETTER_BYTES) == 0 && fsync(fd) == 0 && rename(from, to) == 0, "keep");
    close(fd);
    sync_folder(folder);
    say_kept(number);
}

static void keep_by_stream(const char *folder, int number)
{
    char to[64], bytes[LETTER_BYTES];
    snprintf(to, sizeof(to), "%s/letter%d", folder, number);
    FILE *f = fopen(to, "w");
    letter(number, bytes);
    must(f != NULL && fwrite(bytes, 1, LETTER_BYTES, f) == LETTER_BYTES && fclose(f) == 0, "write");
    say_kept(number);
}

static void keep_by_syscall(const char *folder, int number)
{
    char from[64], to[64], bytes[LETTER_BYTES];
    int fd = temporary(folder, number, from, to);
    letter(number, bytes);
    must(syscall(SYS_write, fd, bytes, (size_t)LETTER_BYTES) == LETTER_BYTES, "write");
    must(fsync(fd) == 0 && rename(from, to) == 0, "keep");
    close(fd);
    sync_folder(folder);
    say_kept(number);
}

/* Many calls of every kind at once, from threads and from a child: nothing is promised, but the log must agree. */
static void *bustle_one(void *context)
{
    const char *folder = context;
    char base[128], path[192], path2[192];
    snprintf(base, sizeof(base), "%s/%d-%lx", folder, (int)getpid(), (unsigned long)pthread_self());
    must(mkdir(base, 0700) == 0, base);
    int shared = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int log = openat(shared, "together", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    must(log >= 0, "together");
    for (int i = 0; i < 40; i++) {
        snprintf(path, sizeof(path), "%s/a%d", base, i % 7);
        snprintf(path2, sizeof(path2), "%s/b%d", base, i % 5);
        int fd = open(path, O_RDWR | O_CREAT | (i % 3 == 0 ? O_TRUNC : 0), 0644);
        must(fd >= 0, path);
        write_letter(fd, i);
        must(dprintf(log, "line %d of %s\n", i, base) > 0, "append");
        must(pwrite(log, "appended anyway\n", 16, 0) == 16, "append");
        must(i % 4 != 1 || ftruncate(fd, 100 * i) == 0, "cut");
        must(i % 4 != 2 || posix_fallocate(fd, 100, 5000) == 0, "allocate");
        must(i % 4 != 3 || lseek(fd, 20000, SEEK_SET) == 20000, "seek");
        must(write(fd, "end", 3) == 3 && fchmod(fd, 0600 + (unsigned)i % 8) == 0, "write");
        must(i % 5 != 0 || rename(path, path2) == 0, "rename");
        must(i % 5 != 1 || link(path, path2) == 0 || errno == EEXIST, "link");
        must(i % 5 != 2 || unlink(path) == 0, "unlink");
        must(write(fd, "after", 5) == 5, "write");
        close(fd);
    }
    snprintf(path, sizeof(path), "%s/pointer", base);
    snprintf(path2, sizeof(path2), "%s/cut", base);
    int cut = creat(path2, 0666);
    must(cut >= 0 && write(cut, "too long", 8) == 8 && close(cut) == 0, "write");
    must(symlink("somewhere", path) == 0 && truncate(path2, 7) == 0 && chmod(path2, 0604) == 0, "the rest");
    snprintf(path, sizeof(path), "%s/XXXXXX", base);
    int fd = mkstemp(path);
    must(fd >= 0 && write(fd, "x", 1) == 1, "mkstemp");
    snprintf(path, sizeof(path), "%s/late", base);
    int unnamed = open(base, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    if (unnamed >= 0) {
        snprintf(path2, sizeof(path2), "/proc/self/fd/%d", unnamed);
        must(write(unnamed, "late", 4) == 4, "write");
        must(linkat(AT_FDCWD, path2, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0, "name it");
        close(unnamed);
    }
    close(fd);
    close(log);
    close(shared);
    return NULL;
}

static void bustle(const char *folder)
{
    pthread_t threads[4];
    pid_t child = fork();
    must(child >= 0, "fork");
    for (int i = 0; i < 4; i++)
        must(pthread_create(&threads[i], NULL, bustle_one, (void *)(uintptr_t)folder) == 0, "thread");
    for (int i = 0; i < 4; i++)
        must(pthread_join(threads[i], NULL) == 0, "join");
    int status = 0;
    if (child == 0)
        _exit(0);
    must(waitpid(child, &status, 0) == child && status == 0, "the child");
}

/* Every habit by name, and how it keeps one letter. */
static void keep(const char *habit, const char *folder, int number)
{
    static const char *const flaws[] = {
        [NO_FLAW] = "good",
        [NO_FILE_SYNC] = "no-file-sync",
        [NO_FOLDER_SYNC] = "no-folder-sync",
        [LATE_FILE_SYNC] = "late-file-sync",
        [LATE_FOLDER_SYNC] = "late-folder-sync",
    };
    for (unsigned i = 0; i < sizeof(flaws) / sizeof(*flaws); i++)
        if (strcmp(habit, flaws[i]) == 0) {
            keep_letter(folder, number, (enum flaw)i);
            return;
        }
    if (strcmp(habit, "moved") == 0 || strcmp(habit, "moved-unsynced") == 0)
        keep_moved(folder, number, strcmp(habit, "moved") == 0);
    else if (strcmp(habit, "in-place") == 0)
        keep_in_place(folder, number);
    else if (strcmp(habit, "map") == 0)
        keep_by_map(folder, number);
    else if (strcmp(habit, "stream") == 0)
        keep_by_stream(folder, number);
    else if (strcmp(habit, "syscall") == 0)
        keep_by_syscall(folder, number);
    else
        die(PLAIN_USAGE, "no habit \"%s\"", habit);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        die(PLAIN_USAGE, "usage: toy HABIT FOLDER");
    if (strcmp(argv[1], "bustle") == 0) {
        bustle(argv[2]);
        return 0;
    }
    for (int number = 1; number <= LETTERS; number++)
        keep(argv[1], argv[2], number);
    return 0;
}
