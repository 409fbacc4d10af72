/* The table of verbs, and what they share. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* clang-format off */
const struct verb verbs_table[] = {
    {"init", "DIR", "make a repository",
     "DIR must not exist or be empty. The origin is the public name of its log, like centre.example/log. Your private "
     "keys go into a file outside DIR, under your passphrase: copy that file to a safe place, for without it and the "
     "passphrase nobody can read the repository again.", 1, 1, false,
     {{"origin", "NAME", "public name of the log; part of every checkpoint"},
      {"pack-size", "MIB", "MiB of a pack file, 1 to 1024 (64 when not said)"},
      {"parity", "SHAPE", "16+2, 32+2, 16+4 or none: pack files of a stripe, and how many of it may be lost (16+2)"},
      {"investigation", "NAME", "name of the first line of inquiry (\"main\" when not said)"},
      {"administrators", "K", "how many administrators must agree on who is a member, once there are so many (1)"},
      {"erase-persons", "K", "how many persons must agree on what is erased, once there are so many (1)"},
      {"erase-days", "DAYS", "how long they wait before it is done (0)"}},
     verbs_init},
    {"intake", "PATH...", "take in files and folders, and give a receipt",
     "Every file is read, hashed, encrypted and stored; the receipt accounts for each one: taken in, duplicate, "
     "already on a receipt, or refused with the reason. Run again after an interruption: nothing is taken in twice.",
     1, SIZE_MAX, true,
     {{"from", "WHO", "the giver; kept encrypted"},
      {"note", "TEXT", "a remark for the receipt; kept encrypted"},
      {"investigation", "NAME", "the line of inquiry it belongs to (the first one when not said)"},
      {"dry-run", NULL, "only say what would be taken in"},
      {"wait", NULL, "wait while another writer is at work"},
      {"strict", NULL, "exit 3 when anything was refused"}}, verbs_intake},
    {"receipt", "[N|latest]", "show a receipt, file by file",
     "Without a number the receipts are listed.", 0, 1, true,
     {{"summary", NULL, "only the sums"},
      {"page", "FILE", "write what the giver takes home, as a page for paper (HTML): sums, digest, checkpoint; "
       "no names"},
      {"language", "LANG", "en or ko, for the page"}}, verbs_receipt},
    {"items", "", "list the items",
     "One line for each: number, receipt, kind, size, SHA-256, path.", 0, 0, true,
     {{"receipt", "N", "only those of one receipt"}}, verbs_items},
    {"show", "ITEM", "show what is known of one item",
     "ITEM is its number, its path, or the first 8 or more digits of its SHA-256. That it was shown is put on record "
     "first, and comes onto the log with the next commit.", 1, 1, true,
     {{"proof", "FILE", "write its inclusion proof (C2SP tlog-proof) to FILE"},
      {"out", "FILE", "write its bytes to FILE, checked"},
      {"why", "TEXT", "what for; goes on the log, encrypted"},
      {"must-log", NULL, "refuse when that cannot be put on record, as on a read-only disk"}}, verbs_show},
    {"restore", "DEST", "write items back, checked, under DEST/<receipt>/<path>",
     "Nothing is overwritten: what is there and is the same stays, and an interrupted restore goes on when it is run "
     "again. "
     "Each file appears under its name only after its digest was found right. Without a choice "
     "everything that is not set aside is restored. What is restored is put on record first, and that comes onto the "
     "log with the next commit.", 1, 1, true,
     {{"item", "ITEM", "only this item"},
      {"receipt", "N", "only this receipt"},
      {"all", NULL, "everything that is not set aside (when nothing is said)"},
      {"why", "TEXT", "what for; goes on the log, encrypted"},
      {"must-log", NULL, "refuse when that cannot be put on record, as on a read-only disk"},
      {"for", "PURPOSE", "what leaves the house: accountability, testimony, documentation, contact, analysis, "
       "publication or anonymous-publication; then each item is asked about, and what may not go is listed"},
      {"to", "RECIPIENT", "with --for: un, international-court, national-court, ngo, analyst or public"},
      {"whom", "WHO", "with --for: who receives it; kept encrypted"}}, verbs_restore},
    {"export", "DEST [ITEM...]", "give out items as a package that is checked without the repository",
     "DEST is a folder that is made, with three files of its seal beside it: the items under numbers, and what proves "
     "them. It is verified before it is there, and the seal goes on the log. What else came with the same deposits is "
     "listed as withheld. Each item is asked about: what may not go, by what was said of it and of its persons, is "
     "listed with the reason and left out. A package is not encrypted.", 1, SIZE_MAX, true,
     {{"receipt", "N", "everything of this receipt (latest: of the last one)"},
      {"for", "PURPOSE", "must be said: accountability, testimony, documentation, contact, analysis, publication or "
       "anonymous-publication"},
      {"to", "RECIPIENT", "must be said: un, international-court, national-court, ngo, analyst or public"},
      {"whom", "WHO", "who receives it; kept encrypted, and opened in the seal"}}, verbs_export},
    {"set-aside", "RECEIPT", "mark a mistaken intake; nothing is removed",
     "Its items stay provable and can be restored by --receipt, but no longer count.", 1, 1, true,
     {{"reason", "TEXT", "why; kept encrypted"}}, verbs_set_aside},
    {"erase", "[ACTION] ITEM...", "destroy the keys of items, for good",
     "Without --why it only says what would go and what stays. With it, erasing is asked for; it is done when as many "
     "persons have agreed as the policy of the repository says, and the time to wait is over. list: all requests. "
     "approve LEAF: agree to one that another member asked for. withdraw LEAF: it is not to be done. finish LEAF: do "
     "it now that its time is over. What is destroyed opens nowhere here any more; the log still verifies. Copies from "
     "before, older recovery sheets and what was given out are listed.", 0, SIZE_MAX, true,
     {{"receipt", "N", "everything that is on this receipt"},
      {"person", "CODE", "what is linked to this person alone, and who she is"},
      {"why", "TEXT", "ask for it, and why; kept encrypted"}}, verbs_erase},
    {"note", "TEXT", "put a remark on the log", "It is signed, numbered and kept encrypted.", 1, 1, true,
     {{"investigation", "NAME", "the line of inquiry it belongs to (the first one when not said)"}}, verbs_note},
    {"investigation", "ACTION...", "lines of inquiry, each with its own numbers",
     "list: their names, and how many statements each has. new NAME: begin another one. Statements are numbered within "
     "their investigation without gaps, so that what is left out of one shows: groundwork verify. Names are kept "
     "encrypted.", 1, 2, true, {{0}}, verbs_investigation},
    {"compartment", "ACTION...", "who reads what: groups of members, each with keys of its own",
     "list: which there are, and which are yours. new NAME: one more, which you hold alone; what is taken in with "
     "--compartment NAME is read and searched by who holds it, and by nobody else. grant NAME KEY, revoke NAME KEY: a "
     "member holds it, or no more: then what comes after is under new keys, and what was there she may have kept. KEY "
     "is the name of her key, or the eight digits at its end. The first compartment is called main.", 1, 3, true,
     {{"proposal", "LEAF", "new: where several administrators must agree, once they did"}}, verbs_compartment},
    {"custody", "add|show [ACT|ITEM]", "who had an item, and what was done with it",
     "add ACT: say on the log that items, or all that is on a receipt, were collected, received, transferred, viewed, "
     "exported, returned or destroyed; what is said is signed, numbered and kept encrypted. ITEMS is one item, or "
     "numbers like 5,7-9. A DATE is a day, 2026-11-20, or a time, 2026-11-20T14:05, with Z or an offset like +09:00 "
     "behind; it is a claim. show: all that was said, in the order of the log, from the intake on.", 1, 2, true,
     {{"item", "ITEMS", "add: these items"},
      {"receipt", "N", "all that is on this receipt"},
      {"date", "DATE", "add: when it was"},
      {"from", "WHO", "add: who had it before"},
      {"to", "WHO", "add: who has it now"},
      {"place", "WHERE", "add: where it was done, or where it is now"},
      {"why", "TEXT", "add: why"},
      {"refers", "LEAF", "add: the earlier statement that this one goes back to"},
      {"page", "FILE", "show: write it as a page for paper (HTML)"},
      {"language", "LANG", "show: en or ko, for the page"}}, verbs_custody},
    {"consent", "ACTION...", "what a person allows, and what she takes back",
     "give PERSON: what she said of each scope; PERSON is a code like P-0001, or several of one form with commas "
     "between, and never a name. withdraw PERSON: every use stops at once; what went out already is listed, so that "
     "recipients can be told. show PERSON, list. Scopes: record_audio, record_video, store, analyse, "
     "publish_anonymous, publish_named, share_un, share_other_ngo, share_national_court, share_international_court, "
     "testify, recontact, share_contact_details. What was not said is no. Which items are hers: groundwork protect.",
     1, 2, true,
     {{"yes", "SCOPES", "give: what she allows, with commas between"},
      {"no", "SCOPES", "give: what she does not allow"},
      {"ask", "SCOPES", "give: what she wants to be asked about each time"},
      {"by", "WHO", "by whom it was said: self, guardian or next-of-kin"},
      {"date", "DATE", "when it was said (today when not said)"},
      {"language", "LANG", "give: in which language it was explained, like ko"},
      {"interpreter", "CODE", "give: the code of who interpreted"},
      {"copy", NULL, "give: she took a copy of the form with her"},
      {"form", "ITEM", "give: the item that is the form"},
      {"until", "DAY", "give: the last day on which it holds"},
      {"scopes", "SCOPES", "withdraw: only these (everything when not said)"},
      {"why", "TEXT", "withdraw: why, if she wishes it on record; kept encrypted"}}, verbs_consent},
    {"protect", "[ITEM...]", "whose items are, and how they are kept back",
     "Without an option it shows what stands. An item goes out only when it was said whose it is, and every person it "
     "is linked to allows it. ITEM is a number, a path, or numbers like 5,7-9. Levels: ordinary; high is not "
     "published; closed goes nowhere. What is provider-confidential goes nowhere without the provider's consent (Rome "
     "Statute, Article 54(3)(e)), which is given like a person's: consent give.", 0, SIZE_MAX, true,
     {{"receipt", "N", "everything of this receipt (latest: of the last one)"},
      {"person", "PERSONS", "link to these persons, by their codes"},
      {"not", "PERSONS", "no longer linked to these; with --why"},
      {"nobody", NULL, "of no person, as a gazette or a satellite image; with --why"},
      {"restriction", "CLASS", "none or provider-confidential; with --why"},
      {"provider", "CODE", "who gave it in confidence, by a code"},
      {"level", "LEVEL", "ordinary, high or closed; with --why"},
      {"why", "TEXT", "why; kept encrypted"}}, verbs_protect},
    {"hold", "ACTION...", "items that may not be destroyed",
     "place ITEM...: from here on they cannot be erased, whoever asks. release HOLD: by an administrator. list: all "
     "that there ever were.", 1, SIZE_MAX, true,
     {{"receipt", "N", "place: everything of this receipt (latest: of the last one)"},
      {"ground", "GROUND", "place: court-order, pending-disclosure, exonerating or other"},
      {"why", "TEXT", "place, release: why; kept encrypted"}}, verbs_hold},
    {"audit", "", "check everything that is stored against the log",
     "Without keys the ciphertext of every pack and parity file is held to its logged root; in full every item is "
     "decrypted and re-hashed too. Never writes into the repository; when it was and what it found goes on the log "
     "with the next commit.", 0, 0, true,
     {{"keyless", NULL, "only what needs no key"},
      {"full", NULL, "every item decrypted and re-hashed too (when nothing is said)"},
      {"from-pack", "N", "go on with this pack after an interruption"},
      {"limit", "MB", "read no more than so many MB in a second"}}, verbs_audit},
    {"verify", "", "check the log: signatures, roots, statements, keys",
     "Both copies of everything are checked, and one damaged copy is a failure even while the other is good. Never "
     "writes. With --mirror a mirror is checked instead, by its own journal and without keys; where the repository is "
     "at hand, it also says how far behind the mirror is. With --against the log is held to a checkpoint that somebody "
     "kept (a signed note, the words that groundwork checkpoint printed, or three lines with origin, leaves and root), "
     "or to a fork file; no key is needed.",
     0, 0, false,
     {{"mirror", "DIR", "check the mirror in DIR instead"},
      {"against", "FILE", "does the log extend this checkpoint? nothing else is checked"},
      {"fork", "FILE", "with --against: where the proof goes when history was rewritten"}}, verbs_verify},
    {"reindex", "", "throw the index away and rebuild it from the log", "", 0, 0, true,
     {{"dump", "FILE", "write the index's content as text, unencrypted, for comparison"}}, verbs_reindex},
    {"status", "", "the state of the repository, without a passphrase", "", 0, 0, true, {{0}}, verbs_status},
    {"repair", "", "heal from second copies and by parity",
     "Damaged files are kept in quarantine/. What cannot be healed is named. With --from, what nothing here "
     "heals comes from a mirror, held to the log before it is used; where there is no repository any more, it is made "
     "again.",
     0, 0, true, {{"from", "MIRROR", "use the mirror in this folder too"}}, verbs_repair},
    {"mirror", "DEST", "copy what is new to a mirror on another disk",
     "DEST is a new folder, an empty one, or a mirror of this repository. Only what is committed is copied, as files "
     "that are never written again; each is read again from DEST and held to the log before it counts. It may be "
     "interrupted at any moment, and goes on when it is run again. No passphrase is needed: everything in a mirror is "
     "encrypted as it is here, and private keys are not in it.", 1, 1, true,
     {{"remind", "DAYS", "let status warn when no mirror is younger (7 when never said; 0: never)"},
      {"again", NULL, "read what is there already, too, and copy anew what is damaged"},
      {"anew", NULL, "begin a new mirror where one was made that is not there now"}}, verbs_mirror},
    {"unlock", "", "hold your keys unlocked for a while, so that no passphrase is asked for",
     "One small process holds them in locked memory for that long and gives them to commands of the same user only. "
     "Time runs on while the computer sleeps. Leave the desk: groundwork lock.", 0, 0, true,
     {{"minutes", "N", "for how long, 1 to 1440 (30 when not said)"}}, verbs_unlock},
    {"lock", "", "end that at once", "The keys are wiped before this returns.", 0, 0, true, {{0}}, verbs_lock},
    {"passphrase", "", "change the passphrase of your key file",
     "Copies of the old key file still open with the old passphrase.", 0, 0, true, {{0}}, verbs_passphrase},
    {"adopt", "[CHECKPOINT]", "trust the repository as it stands on this computer",
     "For a repository that this computer has not seen, or whose record of it was lost. With a checkpoint file from "
     "elsewhere it is trusted only if it extends that checkpoint. A copy that is older than what this computer or your "
     "key file has seen is refused without --older, and two histories always.", 0, 1, true,
     {{"older", NULL, "go back to an older copy for good; what was seen since is forgotten"}}, verbs_adopt},
    {"checkpoint", "", "print the newest checkpoint, for others to keep on paper",
     "Size and root of the log as words and as a square code. It tells nothing of what is in the repository. Whoever "
     "keeps it can say later whether the log was rewritten since: groundwork verify --against. No key is needed.",
     0, 0, true, {{"out", "FOLDER", "write it there, as .txt and .html; outside the repository"}}, verbs_checkpoint},
    {"cosigner", "ACTION...", "others who sign the log, so that no second history can be shown",
     "list: who they are and what they have signed. add NAME KEY, remove NAME: KEY is the line that their "
     "groundwork-cosign key prints. policy FILE: groups of groups, as C2SP tlog-policy writes them. export NAME FILE: "
     "the request to be taken to one of them. import REQUEST ANSWER: what came back. turn FILE: what they need once "
     "the log has a new signing key. All of it is files; no network is used.", 1, 3, true,
     {{"needed", "K", "add, remove: how many of them must sign (as before when not said; 1 at first)"},
      {"old", "LEAVES", "export: go on from so many leaves, as a cosigner's answer may ask"}}, verbs_cosigner},
    {"member", "ACTION...", "who may read and sign, in which role, and who no more",
     "request FILE: ask to join, from any copy of the repository; makes your key file. add REQUEST: take somebody in, "
     "once she has read you the fingerprint of her key. list, show KEY: who there is, without a passphrase. role KEY "
     "ROLE, revoke KEY: from the next leaf on; when a writer goes, what comes after is under new keys. approve LEAF: "
     "agree to what another administrator proposed. drill: a page for the wall. KEY is the name of a key, or the eight "
     "digits at its end. Roles: administrator, investigator, analyst, keyholder, auditor.", 1, 3, true,
     {{"out", "FOLDER", "drill: write it there, as .txt and .html; outside the repository"},
      {"role", "ROLE", "add: what she is there for"},
      {"name", "TEXT", "add: who she is; kept encrypted"},
      {"confirm", "WORDS", "add: the fingerprint as she read it to you; asked for when not said"},
      {"reason", "WHY", "revoke: left, lost, arrested, stolen or other"},
      {"doubtful-from", "LEAF", "revoke: what she signed from this leaf on is shown as doubtful"},
      {"names", NULL, "list, show: the persons' names too, with your keys"}}, verbs_member},
    {"identity", "ACTION...", "who a person is that is a code elsewhere, apart or sealed with keyholders",
     "A record is typed or piped, never given as a word of the line: name: TEXT, birth: TEXT, contact: TEXT, document: "
     "TEXT, a line for each; before the colon of a name may stand kind=, script= and romanisation=. add PERSON: for "
     "whoever holds the compartment called names (groundwork compartment new names), or the one given by "
     "--compartment; show PERSON: it, with --why, which goes on the log. seal PERSON: so "
     "that only so many keyholders together can open it; each gets a file. "
     "keyholder CODE: an administrator says who holds shares, by her recipient of age. request PERSON, approve REQUEST "
     "SHARE..., open REQUEST SHARE...: the way to reading one sealed record, each step on the log. reshare REQUEST "
     "SHARE...: new shares instead, for other keyholders. leaks REQUEST SHARE...: what can be read here and holds the "
     "name. list, keyholders: codes, never names. PERSON is a code like P-0001.",
     1, SIZE_MAX, true,
     {{"keyholders", "CODES", "seal, reshare: who gets a share, like K-01,K-02,K-03"},
      {"needed", "K", "seal, reshare: how many of them are needed"},
      {"out", "FOLDER", "seal, reshare: their files go there; outside the repository"},
      {"file", "FILE", "request: what the keyholders are sent goes there"},
      {"why", "TEXT", "what for; goes on the log, encrypted"},
      {"recipient", "AGE1", "keyholder: the word that begins with age1, as she gave it to you"},
      {"name", "TEXT", "keyholder: who she is; kept encrypted"},
      {"gone", NULL, "keyholder: she holds shares no more"}}, verbs_identity},
    {"recovery", "", "make recovery sheets: what replaces a lost key file or passphrase",
     "Each sheet is a page of text, and one with a square code. As many as are needed, with a copy of the repository, "
     "give everything back; fewer tell nothing. New sheets replace the earlier ones. Without --out they are shown "
     "here.", 0, 0, true,
     {{"sheets", "N", "how many, 1 to 16 (3 when not said)"},
      {"needed", "K", "how many of them are needed (2 when not said)"},
      {"out", "FOLDER", "write them there, two files for each; outside the repository"}}, verbs_recovery},
    {"recover", "COPY DEST [SHEET...]", "a repository and its member again, from a copy and recovery sheets",
     "COPY is a mirror or a folder of the repository, only read; DEST must not exist or be empty. Each SHEET is a text "
     "file with the six lines of words of one sheet, or the text of its square code; without them you are asked line "
     "by line. A new key file is made under a new passphrase. The sheets work once.", 2, SIZE_MAX, false,
     {{"replaces", "KEY", "of several members, the administrator whom the sheets replace"}}, verbs_recover},
    {"timestamp", "request|import [RESPONSE]", "have outside authorities attest when the log stood as it does",
     "request writes a request over the newest checkpoint (RFC 3161); it tells the authority a hash and nothing else. "
     "Send the file to an authority, by any way; import takes its answer, which must be over a checkpoint of this log, "
     "asked here, and lead to a root among the certificates given: compare that root with what the authority "
     "publishes. Ask two authorities that do not depend on each other, and again before a certificate expires: the "
     "newer stamp carries the older ones.", 1, 2, true,
     {{"out", "FILE", "request: write it there, like log.tsq; outside the repository"},
      {"authority", "NAME", "request: of whom it is asked; only to be told again when the answer comes"},
      {"chain", "CERTS", "import: the authority's certificates with its root, as PEM"}}, verbs_timestamp},
};
/* clang-format on */
const size_t verbs_count = COUNT(verbs_table);

int verbs_start(struct err *e)
{
    return crypt_start(e);
}

int verbs_exit(int rc)
{
    switch (rc) {
    case 0:
        return VERBS_DONE;
    case ERR_DAMAGED:
        return VERBS_FAILED;
    case ERR_USAGE:
        return VERBS_USAGE;
    case ERR_REFUSED:
        return VERBS_REFUSED;
    default:
        return VERBS_ENVIRONMENT;
    }
}

/* ---- speaking ---- */

/* The formats are keys of the catalogue, each checked against its arguments where it is written. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* A line has no largest size: a path has up to a mebibyte, and a receipt names it whole. */
static void tell(const struct verbs_face *face, void (*to)(void *context, const char *line), const char *format,
                 va_list list)
{
    OWN(mem_drop) char *line = NULL;
    if (vasprintf(&line, text_tr(format), list) < 0)
        line = NULL;
    to(face->context, line != NULL ? line : text_tr("out of memory; close other programs and try again"));
}

void verbs_say(const struct verbs_face *face, const char *format, ...)
{
    if (face->json != NULL)
        return;
    va_list list;
    va_start(list, format);
    tell(face, face->say, format, list);
    va_end(list);
}

void verbs_warn(const struct verbs_face *face, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    tell(face, face->warn, format, list);
    va_end(list);
}
#pragma GCC diagnostic pop

const char *verbs_shown(struct bytes name, struct buf *held)
{
    buf_clear(held);
    unicode_display(name, held);
    return buf_text(held);
}

const char *verbs_number(uint64_t v, char to[VERBS_NUMBER_MAX])
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    char *p = to;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            *p++ = ',';
        *p++ = digits[i];
    }
    *p = 0;
    return to;
}

const char *verbs_size(uint64_t bytes, char to[VERBS_NUMBER_MAX])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t u = 0;
    double v = (double)bytes;
    while (v >= 1024 && u + 1 < COUNT(units)) {
        v /= 1024;
        u++;
    }
    snprintf(to, VERBS_NUMBER_MAX, u == 0 ? "%.0f %s" : "%.1f %s", v, units[u]);
    return to;
}

void verbs_json_bytes(struct json_out *j, const char *key, const char *key_hex, struct bytes name)
{
    OWN(buf_drop) struct buf shown = {0};
    json_key(j, key);
    if (unicode_valid(name)) {
        json_string_bytes(j, name);
        return;
    }
    unicode_display(name, &shown);
    json_string_bytes(j, buf_bytes(&shown));
    json_key(j, key_hex);
    json_hex(j, name);
}

void verbs_json_name(struct json_out *j, struct bytes name)
{
    verbs_json_bytes(j, "name", "name_hex", name);
}

void verbs_json_u64(struct json_out *j, const char *key, uint64_t v)
{
    json_key(j, key);
    json_u64(j, v);
}

void verbs_json_text(struct json_out *j, const char *key, const char *text)
{
    json_key(j, key);
    if (text == NULL)
        json_null(j);
    else
        json_string(j, text);
}

void verbs_json_hash(struct json_out *j, const char *key, const struct hash *h)
{
    json_key(j, key);
    json_hex(j, bytes_of(h->b, CRYPT_HASH));
}

/* ---- opening ---- */

static int ask_passphrase(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    const struct verbs_place *p = context;
    OWN(buf_drop) struct buf prompt = {0};
    buf_printf(&prompt, text_tr("Passphrase for %s: "), key_path);
    return p->face->passphrase(p->face->context, buf_text(&prompt), false, ret, e);
}

static void warn_of_opening(void *context, const char *line)
{
    const struct verbs_place *p = context;
    p->face->warn(p->face->context, line);
}

void verbs_place(const struct verbs_request *request, const struct verbs_face *face, struct verbs_place *ret)
{
    *ret = (struct verbs_place){.face = face,
                                .runtime_folder = request->runtime_folder,
                                .place = {.root = request->repository,
                                          .key_path = request->key_path,
                                          .state_folder = request->state_folder,
                                          .config_folder = request->config_folder,
                                          .passphrase = ask_passphrase,
                                          .context = ret,
                                          .compartment = request->compartment,
                                          .identity = request->identity,
                                          .held = request->runtime_folder != NULL ? verbs_agent_held : NULL,
                                          .held_context = ret,
                                          .changed = request->runtime_folder != NULL ? verbs_agent_changed : NULL,
                                          .tell = warn_of_opening,
                                          .tell_context = ret}};
}

int verbs_ask_fresh(void *context, struct buf *ret, struct err *e)
{
    const struct verbs_face *face = context;
    _Static_assert(KEYRING_PASSPHRASE_MIN == 8, "the prompt says so");
    return face->passphrase(face->context, text_tr("New passphrase for your key file, 8 characters or more: "), true,
                            ret, e);
}

int verbs_open(const struct verbs_request *request, const struct verbs_face *face, enum store_manner manner,
               uint64_t wait_ms, struct verbs_place *place, struct store **ret, struct err *e)
{
    if (request->repository == NULL)
        return err_set(e, ERR_ABSENT, "no repository here: make one with groundwork init, or name one with -R");
    verbs_place(request, face, place);
    place->place.wait_ms = wait_ms;
    return store_open(&place->place, manner, ret, e);
}

int verbs_outside(const struct verbs_request *request, const char *path, struct err *e)
{
    struct file_path own, real;
    if (request->repository == NULL)
        return 0;
    int rc = file_resolve(request->repository, &own, e);
    if (rc == 0)
        rc = file_resolve(path, &real, e);
    if (rc != 0)
        return rc;
    if (file_holds(own.s, real.s))
        return err_set(e, ERR_REFUSED, "%s lies in the repository %s: name a place outside it", path, own.s);
    if (file_holds(real.s, own.s))
        return err_set(e, ERR_REFUSED, "%s holds the repository %s itself: name a folder beside it", path, own.s);
    return 0;
}

static void watched_finding(void *context, const char *line)
{
    struct verbs_watching *w = context;
    if (w->told.n == 0)
        buf_put_u8(&w->told, '\n');
    size_t before = w->told.n;
    buf_printf(&w->told, "%s\n", line);
    if (w->again && before > 0 && !w->told.failed && memmem(w->told.p, before, w->told.p + before - 1,
                                                            w->told.n - before + 1) != NULL) {
        w->told.n = before;
        return;
    }
    w->findings++;
    if (w->face->json != NULL) {
        buf_put_text(&w->lines, line);
        buf_put_u8(&w->lines, '\n');
    } else
        w->face->say(w->face->context, line);
}

static int watched_progress(void *context, uint64_t done, uint64_t all)
{
    const struct verbs_watching *w = context;
    struct verbs_progress p = {.bytes = done, .bytes_all = all};
    return w->face->progress(w->face->context, &p);
}

static void watched_numbered(void *context, const struct store_numbered *n)
{
    struct verbs_watching *w = context;
    verbs_numbered_add(&w->numbered, n);
}

void verbs_watching_release(struct verbs_watching *w)
{
    buf_drop(&w->lines);
    buf_drop(&w->told);
    verbs_numbered_release(&w->numbered);
}

void verbs_watch(struct verbs_watching *w, struct store_watch *ret)
{
    *ret = (struct store_watch){watched_finding, watched_progress, w, watched_numbered};
}

int verbs_text(const char *what, const char *given, struct buf *held, const char **ret, struct err *e)
{
    if (given == NULL) {
        *ret = NULL;
        return 0;
    }
    if (given[0] == 0)
        return err_set(e, ERR_USAGE, "%s is empty: write something, or leave it out", what);
    if (!unicode_valid(bytes_text(given)))
        return err_set(e, ERR_USAGE, "%s is no UTF-8 text: set the terminal to UTF-8 and type it again", what);
    int rc = strlen(given) > STATEMENT_TEXT_MAX ? 0 : unicode_nfc(bytes_text(given), held, e);
    if (rc != 0)
        return rc;
    if (held->n == 0 || held->n > STATEMENT_TEXT_MAX)
        return err_set(e, ERR_USAGE, "%s is longer than %d bytes: put it in a file and take that in", what,
                       STATEMENT_TEXT_MAX);
    *ret = buf_text(held);
    return buf_check(held, e);
}

/* ---- naming an item ---- */

void verbs_item_drop(struct verbs_item_held *held)
{
    buf_drop(&held->path);
    buf_drop(&held->target);
}

static int item_take(void *context, const struct index_item *item, struct err *e)
{
    struct verbs_item_held *h = context;
    if (h->found++ > 0)
        return 0;
    h->item = *item;
    buf_put_bytes(&h->path, item->path);
    buf_put_bytes(&h->target, item->target);
    h->item.path = buf_bytes(&h->path);
    h->item.target = buf_bytes(&h->target);
    int rc = buf_check(&h->path, e);
    return rc != 0 ? rc : buf_check(&h->target, e);
}

static bool is_hex(const char *text)
{
    size_t n = strspn(text, "0123456789abcdef");
    return n >= 8 && n <= 2 * CRYPT_HASH && text[n] == 0;
}

struct erased {
    uint64_t by; /* leaf; 0: it is not */
    bool pending;
};

static int erased_take(void *context, const struct statement_range *range, uint64_t by, struct err *e)
{
    struct erased *x = context;
    (void)range, (void)e;
    x->by = by;
    return 0;
}

static int act_take(void *context, const struct store_erased *act, struct err *e)
{
    struct erased *x = context;
    (void)e;
    if (act->leaf == x->by) {
        x->pending = act->pending;
        x->by = act->refused ? 0 : act->leaf;
    }
    return 0;
}

int verbs_not_erased(struct store *s, uint64_t leaf, struct err *e)
{
    struct erased x = {.by = 0};
    int rc = store_erased_ranges(s, leaf, leaf, erased_take, &x, e);
    if (rc == 0 && x.by != 0)
        rc = store_erased_each(s, act_take, &x, e);
    if (rc != 0 || x.by == 0)
        return rc;
    if (x.pending)
        return err_set(e, ERR_ABSENT, "%" PRIu64 " is erased by leaf %" PRIu64 ", and not destroyed yet", leaf, x.by);
    return err_set(e, ERR_ABSENT, "%" PRIu64 " was erased, by leaf %" PRIu64, leaf, x.by);
}

int verbs_item(struct store *s, const char *name, struct verbs_item_held *ret, struct err *e)
{
    struct index *x = store_index(s);
    uint64_t leaf;
    const char *digits = name[0] == '#' ? name + 1 : name;
    bool numbered = decimal_get(bytes_text(digits), &leaf) == 0;
    int rc = ERR_ABSENT;
    if (numbered)
        rc = index_item(x, leaf, item_take, ret, e);
    if (numbered && rc == ERR_ABSENT) { /* no other is meant, whatever its name */
        rc = verbs_not_erased(s, leaf, e);
        if (rc != 0)
            return rc;
        rc = ERR_ABSENT;
    }
    if (rc == ERR_ABSENT)
        rc = index_item_by_path(x, bytes_text(name), item_take, ret, e);
    if ((rc == 0 || rc == ERR_ABSENT) && ret->found == 0 && is_hex(name))
        rc = index_item_by_digest(x, name, item_take, ret, e);
    if (rc != 0 && rc != ERR_ABSENT)
        return rc;
    if (ret->found == 0)
        return err_set(e, ERR_ABSENT, "no item is called %s: groundwork items lists them", name);
    if (ret->found > 1)
        return err_set(e, ERR_USAGE, "%u items are called %s: give the number of one (groundwork items lists them)",
                       ret->found, name);
    return 0;
}

struct latest {
    uint64_t number;
};

static int latest_take(void *context, const struct index_deposit *d, struct err *e)
{
    struct latest *l = context;
    (void)e;
    if (d->receipt > l->number)
        l->number = d->receipt;
    return 0;
}

int verbs_receipt_number(struct index *x, const char *text, uint64_t *ret, struct err *e)
{
    struct latest l = {0};
    int rc = index_deposits(x, latest_take, &l, e);
    if (rc != 0)
        return rc;
    uint64_t number = l.number;
    if (strcmp(text, "latest") != 0 && decimal_get(bytes_text(text), &number) != 0)
        return err_set(e, ERR_USAGE, "\"%s\" is no receipt number: give a number, or latest", text);
    if (number == 0 || number > l.number)
        return l.number == 0 ? err_set(e, ERR_ABSENT, "there is no receipt yet: take something in first")
                             : err_set(e, ERR_ABSENT, "there is no receipt %s: the newest is %llu", text,
                                       (unsigned long long)l.number);
    *ret = number;
    return 0;
}

const char *verbs_reason(const char *code)
{
    static const struct {
        const char *code, *words;
    } reasons[] = {
        {"changed", TEXT("it changed while it was read: run the intake again when it is at rest")},
        {"device", TEXT("a device is no document")},
        {"fifo", TEXT("a pipe is no document")},
        {"io", TEXT("it cannot be read: the disk reports an error")},
        {"large", TEXT("a folder with more names than can be sorted: divide it into several")},
        {"loop", TEXT("folders are nested too deep")},
        {"socket", TEXT("a socket is no document")},
        {"unreadable", TEXT("you may not read it: run the intake with an account that may")},
        {"vanished", TEXT("it was gone when its turn came")},
    };
    for (size_t i = 0; i < COUNT(reasons); i++)
        if (strcmp(reasons[i].code, code) == 0)
            return text_tr(reasons[i].words);
    return code;
}
