/* flip_test.c: places are even over the bytes, a flip is one bit, and it can be undone. */
#include "flip.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DRAWS = 40000, SMALL_BYTES = 1000, LARGE_BYTES = 9000 };

static int count;
static int failed;

static void tell(bool good, const char *name)
{
    printf("%s %d - %s\n", good ? "ok" : "not ok", ++count, name);
    failed += !good;
}

static void make(const char *path, size_t bytes, mode_t mode)
{
    char content[LARGE_BYTES];
    memset(content, 'x', sizeof(content));
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, content, bytes) != (ssize_t)bytes || fchmod(fd, mode) != 0)
        die(PLAIN_ENVIRONMENT, "cannot make %s", path);
    close(fd);
}

/* How many bits of the file differ from 'x' over and over. */
static unsigned bits_off(const struct file_list *files, size_t file)
{
    unsigned off = 0;
    const uint8_t *bytes = files_map(files->paths[file], files->sizes_bytes[file]);
    for (uint64_t i = 0; i < files->sizes_bytes[file]; i++)
        off += (unsigned)__builtin_popcount(bytes[i] ^ (unsigned)'x');
    files_unmap(bytes, files->sizes_bytes[file]);
    return off;
}

/* Within thirteen thousandths: five standard deviations of so many draws. */
static bool is_about(size_t n, size_t thousandths)
{
    return n * 1000 > DRAWS * (thousandths - 13) && n * 1000 < DRAWS * (thousandths + 13);
}

static void test_evenness(const struct file_list *files)
{
    struct flip *flips = plain_alloc(DRAWS * sizeof(*flips));
    struct flip *again = plain_alloc(DRAWS * sizeof(*again));
    size_t in_large = 0;
    size_t in_first_half = 0;
    size_t of_bit[8] = {0};
    bool within = true;
    flip_draw(files, 11, flips, DRAWS);
    flip_draw(files, 11, again, DRAWS);
    for (size_t i = 0; i < DRAWS; i++) {
        within = within && flips[i].offset < files->sizes_bytes[flips[i].file] && flips[i].bit < 8;
        in_large += files->sizes_bytes[flips[i].file] == LARGE_BYTES;
        in_first_half += flips[i].offset < files->sizes_bytes[flips[i].file] / 2;
        of_bit[flips[i].bit & 7]++;
    }
    tell(within, "every place lies within its file");
    tell(memcmp(flips, again, DRAWS * sizeof(*flips)) == 0, "the same seed draws the same places");
    flip_draw(files, 12, again, DRAWS);
    tell(memcmp(flips, again, DRAWS * sizeof(*flips)) != 0, "another seed draws others");
    tell(is_about(in_large, 900), "a file of nine tenths of the bytes gets nine tenths");
    tell(is_about(in_first_half, 500), "both halves of a file alike");
    bool even = true;
    for (int bit = 0; bit < 8; bit++)
        even = even && is_about(of_bit[bit], 125);
    tell(even, "every bit alike");
    free(flips);
    free(again);
}

static void test_doing(const struct file_list *files)
{
    bool one_bit = true;
    bool undone = true;
    struct flip flips[200];
    flip_draw(files, 3, flips, 200);
    for (size_t i = 0; i < 200; i++) {
        flip_do(files, &flips[i]);
        one_bit = one_bit && bits_off(files, flips[i].file) == 1;
        undone = undone && flip_undo(files, &flips[i]) && bits_off(files, flips[i].file) == 0;
        undone = undone && !flip_undo(files, &flips[i]) && bits_off(files, flips[i].file) == 0;
    }
    tell(one_bit, "a flip is one bit");
    tell(undone, "it is undone once");
    struct stat st;
    tell(stat(files->paths[0], &st) == 0 && (st.st_mode & 07777) == 0400, "a read-only file stays one");
}

int main(void)
{
    char folder[] = "/tmp/flip-XXXXXX";
    if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir("in", 0700) != 0)
        die(PLAIN_ENVIRONMENT, "no folder");
    make("in/b-large", LARGE_BYTES, 0600);
    make("in/a-small", SMALL_BYTES, 0400);
    make("in/c-empty", 0, 0600);
    const char *roots[] = {"in"};
    struct file_list files = files_under(roots, 1);
    tell(files.count == 3 && strcmp(files.paths[0], "in/a-small") == 0 && files.total_bytes == 10000,
         "the files, sorted, with their sizes");
    test_evenness(&files);
    test_doing(&files);
    char line[64];
    flip_line(&files, &(struct flip){.file = 1, .offset = 7, .bit = 2}, line, sizeof(line));
    tell(strcmp(line, "in/b-large, byte 7, bit 2") == 0, "a line about a flip");
    for (size_t i = 0; i < files.count; i++)
        unlink(files.paths[i]);
    files_release(&files);
    if (rmdir("in") != 0 || rmdir(folder) != 0)
        die(PLAIN_ENVIRONMENT, "the folder stays");
    printf("1..%d\n", count);
    return failed != 0;
}
