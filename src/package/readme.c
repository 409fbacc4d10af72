/* What the reader of a package finds first, in both languages. */
#include "package/package_internal.h"

#include "base/text.h"

static const char *const SENTENCES[] = {
    TEXT("This folder is a package of evidence: originals, and the proof that they are what was taken in."),
    TEXT("data/items holds the originals under numbers; data/index.csv gives each number its original name."),
    TEXT("proof holds what ties each of them to a signed, append-only log: openings, inclusion proofs, the history of "
         "keys, cosignatures and time-stamps. proof/gaps.csv lists what belongs to the same deposits and is withheld."),
    TEXT("Beside this folder lie three files with its name and .seal: without them nothing here is proven."),
    TEXT("To check it, get groundwork-verify or verify.sh from somebody you trust, not from here; the SHA-256 of both "
         "is in the seal's statement and on the sheet that came with the package. Then: groundwork-verify PACKAGE, or "
         "bash verify.sh --all PACKAGE. No network is needed."),
    TEXT("Both end with one word: VERIFIED; TIME-UNPROVEN (whole, but no outside time-stamp holds it); UNCOSIGNED "
         "(whole, but the cosigners that the log asks for have not signed); FAILED. WITHHELD lines list what is not "
         "here."),
    TEXT("The check ends with a pin, which names the log. Compare it with one that you got by another way: whoever "
         "makes a log can make another."),
    TEXT("What is proven is that nothing was changed since it was taken in. It does not prove that what a document "
         "says is true."),
};

static void readme_in(enum text_language language, const char *origin, struct buf *to)
{
    buf_printf(to, "%s\n\n", origin);
    for (size_t i = 0; i < COUNT(SENTENCES); i++) {
        buf_put_text(to, text_in(language, SENTENCES[i]));
        buf_put_text(to, "\n\n");
    }
}

void package_readme(const char *origin, struct buf *to)
{
    readme_in(TEXT_ENGLISH, origin, to);
    readme_in(TEXT_KOREAN, origin, to);
}
