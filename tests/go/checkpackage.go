// Checkpackage looks at a package with an implementation that is not ours: golang.org/x/mod/sumdb/{note,tlog}.
//
//	checkpackage PACKAGE VKEY
//
// Under VKEY, the log's: proof/checkpoint and every other checkpoint; each tlog-proof with the leaf that its
// .statement or .opening gives; each consistency proof; the seal's place.  By the members' keys, as the key events name
// them: every signed statement.  Each claim of an opening is among the digests of its statement.  Exit 0 and one line,
// or exit 1.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, a ...interface{}) {
	fmt.Printf("FAILED: "+format+"\n", a...)
	os.Exit(1)
}

func must(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

func read(path string) []byte {
	b, err := os.ReadFile(path)
	must(err, path)
	return b
}

type checkpoint struct {
	size int64
	root tlog.Hash
}

func open(text []byte, v note.Verifier, what string) checkpoint {
	n, err := note.Open(text, note.VerifierList(v))
	must(err, what)
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != v.Name() {
		fail("%s: not three lines of this log", what)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, what)
	root, err := tlog.ParseHash(lines[2])
	must(err, what)
	return checkpoint{size, root}
}

func hashes(lines []string, what string) []tlog.Hash {
	var p []tlog.Hash
	for _, l := range lines {
		h, err := tlog.ParseHash(l)
		must(err, what)
		p = append(p, h)
	}
	return p
}

// Commitment of a statement, under a salt or under none.
func entry(kind byte, salt, statement []byte) []byte {
	h := sha256.New()
	h.Write([]byte("groundwork/commit/v1\n"))
	h.Write(salt)
	binary.Write(h, binary.BigEndian, uint64(len(statement)))
	h.Write(statement)
	return append([]byte{kind}, h.Sum(nil)...)
}

// The entry that an opening gives, and its statement; its claims are held to the statement's digests.
func opened(text []byte, what string) ([]byte, []byte) {
	head, statement, found := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 3 || lines[0] != "groundwork/opening/v1" {
		fail("%s: no opening", what)
	}
	salt, err := hex.DecodeString(strings.TrimPrefix(lines[2], "salt "))
	must(err, what)
	body := strings.SplitN(string(statement), "\n", 3)[1]
	var fields struct{ Claims []string }
	must(json.Unmarshal([]byte(body), &fields), what)
	var made []string
	for _, l := range lines[3:] {
		w := strings.SplitN(l, " ", 3)
		claimSalt, err := hex.DecodeString(w[1])
		must(err, what)
		sum := sha256.Sum256([]byte("groundwork/claim/v1\n" + string(claimSalt) + w[2]))
		made = append(made, string(sum[:]))
	}
	sort.Strings(made)
	for i, m := range made {
		if i >= len(fields.Claims) || base64.StdEncoding.EncodeToString([]byte(m)) != fields.Claims[i] {
			fail("%s: a claim does not fit", what)
		}
	}
	if len(made) != len(fields.Claims) {
		fail("%s: claims that are not opened", what)
	}
	return entry(1, salt, statement), statement
}

func checkProof(text, e []byte, v note.Verifier, what string) checkpoint {
	head, under, _ := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("%s: no proof", what)
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	must(err, what)
	c := open(under, v, what)
	must(tlog.CheckRecord(hashes(lines[2:], what), c.size, c.root, index, tlog.RecordHash(e)), what)
	return c
}

func checkConsistency(text []byte, older checkpoint, v note.Verifier, what string) {
	head, under, _ := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if lines[0] != fmt.Sprintf("old %d", older.size) {
		fail("%s: another size", what)
	}
	c := open(under, v, what)
	must(tlog.CheckTree(hashes(lines[1:], what), c.size, c.root, older.size, older.root), what)
}

// The member's keys that key events name, and those of recovery sheets.
func members(folder string) note.Verifiers {
	var list []note.Verifier
	paths, _ := filepath.Glob(folder + "/proof/keys/*.statement")
	for _, p := range paths {
		var fields struct {
			Key    string
			Member struct{ Key string }
		}
		must(json.Unmarshal([]byte(strings.SplitN(string(read(p)), "\n", 3)[1]), &fields), p)
		for _, k := range []string{fields.Key, fields.Member.Key} {
			if k != "" {
				v, err := note.NewVerifier(k)
				must(err, p)
				list = append(list, v)
			}
		}
	}
	return note.VerifierList(list...)
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: checkpackage PACKAGE VKEY")
	}
	folder := os.Args[1]
	v, err := note.NewVerifier(os.Args[2])
	must(err, "verifier key")
	people := members(folder)
	whole := open(read(folder+"/proof/checkpoint"), v, "proof/checkpoint")
	count := map[string]int{}
	paths, _ := filepath.Glob(folder + "/proof/*/*.tlog-proof")
	for _, p := range paths {
		stem := strings.TrimSuffix(p, ".tlog-proof")
		var e, statement []byte
		if text, err := os.ReadFile(stem + ".statement"); err == nil {
			e, statement = entry(2, nil, text), text
		} else {
			e, statement = opened(read(stem+".opening"), stem)
		}
		if c := checkProof(read(p), e, v, p); c != whole {
			fail("%s: under another checkpoint", p)
		}
		if !bytes.HasSuffix(statement, []byte("\n\n")) {
			_, err := note.Open(statement, people)
			must(err, stem)
			count["signed statements"]++
		}
		count["inclusion proofs"]++
	}
	paths, _ = filepath.Glob(folder + "/proof/*.consistency")
	more, _ := filepath.Glob(folder + "/proof/time/*.consistency")
	for _, p := range append(paths, more...) {
		older := strings.TrimSuffix(p, ".consistency")
		if _, err := os.Stat(older); err != nil {
			older += ".checkpoint"
		}
		checkConsistency(read(p), open(read(older), v, older), v, p)
		count["consistency proofs"]++
	}
	e, statement := opened(read(folder+".seal.note"), "seal")
	_, err = note.Open(statement, people)
	must(err, "seal")
	checkProof(read(folder+".seal.tlog-proof"), e, v, "seal")
	checkConsistency(read(folder+".seal.consistency"), whole, v, "seal")
	fmt.Printf("Go agrees: the seal and %v\n", count)
}
