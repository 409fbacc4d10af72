// Checklog verifies a Groundwork log with an implementation that is not ours: golang.org/x/mod/sumdb/{note,tlog}.
//
//	checklog LOGDIR VKEY [PROOF...]
//
// The checkpoint's signature, every entry, every tile, an inclusion proof for each leaf and a consistency proof for
// each tenth size; then each tlog-proof file.  Exit 0 and one line, or exit 1 with the reason.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
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

type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
}

func openCheckpoint(text []byte, v note.Verifier) checkpoint {
	n, err := note.Open(text, note.VerifierList(v))
	must(err, "checkpoint note")
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		fail("checkpoint has %d lines", len(lines)-1)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "checkpoint size")
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	must(err, "checkpoint root")
	c := checkpoint{origin: lines[0], size: size}
	if copy(c.root[:], raw) != len(c.root) || c.origin != v.Name() {
		fail("checkpoint origin or root is malformed")
	}
	return c
}

// tilePath is the C2SP name of tile n, which is not the one of the Go checksum database.
func tilePath(level string, n int64, width int64) string {
	path := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		path = fmt.Sprintf("x%03d/%s", n%1000, path)
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return filepath.Join("tile", level, path)
}

func readTile(dir, level string, n, width int64) []byte {
	b, err := os.ReadFile(filepath.Join(dir, tilePath(level, n, width)))
	must(err, "tile")
	return b
}

func entries(dir string, size int64) [][]byte {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		b := readTile(dir, "entries", n, width)
		for i := int64(0); i < width; i++ {
			if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
				fail("entry bundle %d is short", n)
			}
			k := 2 + int(binary.BigEndian.Uint16(b))
			all = append(all, b[2:k])
			b = b[k:]
		}
		if len(b) != 0 {
			fail("entry bundle %d is long", n)
		}
	}
	return all
}

type store []tlog.Hash

func (s store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = s[x]
	}
	return out, nil
}

func checkTiles(dir string, s store, size int64) {
	for level, width := 0, size; width > 0; level, width = level+1, width/256 {
		for n := int64(0); n*256 < width; n++ {
			k := width - n*256
			if k > 256 {
				k = 256
			}
			b := readTile(dir, strconv.Itoa(level), n, k)
			var want bytes.Buffer
			for i := int64(0); i < k; i++ {
				h := s[tlog.StoredHashIndex(8*level, n*256+i)]
				want.Write(h[:])
			}
			if !bytes.Equal(b, want.Bytes()) {
				fail("tile %d/%d differs", level, n)
			}
		}
	}
}

func checkProofFile(name string, v note.Verifier, all [][]byte) {
	b, err := os.ReadFile(name)
	must(err, "proof")
	lines := strings.SplitN(string(b), "\n", 3)
	if len(lines) != 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		fail("%s is no tlog-proof", name)
	}
	index, err := strconv.ParseInt(lines[1][len("index "):], 10, 64)
	must(err, "proof index")
	parts := strings.SplitN(lines[2], "\n\n", 2)
	if strings.HasPrefix(lines[2], "\n") {
		parts = []string{"", lines[2][1:]}
	}
	var proof tlog.RecordProof
	for _, line := range strings.Split(parts[0], "\n") {
		if line == "" {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(line)
		must(err, "proof hash")
		var h tlog.Hash
		copy(h[:], raw)
		proof = append(proof, h)
	}
	c := openCheckpoint([]byte(parts[1]), v)
	must(tlog.CheckRecord(proof, c.size, c.root, index, tlog.RecordHash(all[index])), name)
}

func main() {
	if len(os.Args) < 3 {
		fail("usage: checklog LOGDIR VKEY [PROOF...]")
	}
	dir := os.Args[1]
	v, err := note.NewVerifier(os.Args[2])
	must(err, "verifier key")
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err, "checkpoint")
	c := openCheckpoint(text, v)
	all := entries(dir, c.size)
	var s store
	for i, e := range all {
		h, err := tlog.StoredHashes(int64(i), e, s)
		must(err, "hashing")
		s = append(s, h...)
	}
	root, err := tlog.TreeHash(c.size, s)
	must(err, "root")
	if root != c.root {
		fail("the entries do not have the checkpoint's root")
	}
	checkTiles(dir, s, c.size)
	for i := range all {
		p, err := tlog.ProveRecord(c.size, int64(i), s)
		must(err, "prove")
		must(tlog.CheckRecord(p, c.size, c.root, int64(i), tlog.RecordHash(all[i])), "inclusion")
	}
	for n := int64(1); n < c.size; n += 1 + c.size/10 {
		old, err := tlog.TreeHash(n, s)
		must(err, "old root")
		p, err := tlog.ProveTree(c.size, n, s)
		must(err, "prove consistency")
		must(tlog.CheckTree(p, c.size, c.root, n, old), "consistency")
	}
	for _, name := range os.Args[3:] {
		checkProofFile(name, v, all)
	}
	fmt.Printf("Go agrees: %d leaves of %s, %d proof files\n", c.size, c.origin, len(os.Args)-3)
}
