// Checkcosigned verifies what cosigners signed with an implementation that is not ours: golang.org/x/mod/sumdb.
//
//	checkcosigned NOTE LOGDIR LOGKEY NEEDED COSIGNERKEY...
//	checkcosigned -request REQUEST OLDNOTE LOGKEY
//	checkcosigned -cosign REQUEST NAME
//
// The first: the note is signed by the log and by at least NEEDED of the cosigners (cosignature/v1), and the entries in
// LOGDIR have its root.  The second: the consistency proof of the request leads from OLDNOTE's root (or from nothing,
// when OLDNOTE is "none") to that of its checkpoint.  The third is a cosigner that checks nothing: its new key in one
// line, its signature line in the next.  Exit 0 and one line, or exit 1 with the reason.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
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

// A cosigner is a note.Verifier of type 4: time and signature over a head with the time and the note's text.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

func newCosigner(vkey string) (cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return cosigner{}, errors.New("malformed")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 33 || raw[0] != 4 {
		return cosigner{}, errors.New("not of type 4")
	}
	sum := sha256.Sum256([]byte(parts[0] + "\n" + string(raw)))
	if hex.EncodeToString(sum[:4]) != parts[1] {
		return cosigner{}, errors.New("key id does not fit")
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), ed25519.PublicKey(raw[1:])}, nil
}

func parseText(text, origin string) (int64, tlog.Hash) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != origin {
		fail("not a checkpoint of %s: %q", origin, text)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	must(err, "root")
	var root tlog.Hash
	if copy(root[:], raw) != len(root) {
		fail("short root")
	}
	return size, root
}

func openLog(b []byte, logKey string) (string, string) {
	v, err := note.NewVerifier(logKey)
	must(err, "log key")
	n, err := note.Open(b, note.VerifierList(v))
	must(err, "note")
	return n.Text, v.Name()
}

func checkRequest(args []string) {
	b, err := os.ReadFile(args[0])
	must(err, "request")
	head := strings.SplitN(string(b), "\n\n", 2)
	if len(head) != 2 {
		fail("no empty line")
	}
	lines := strings.Split(head[0], "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	must(err, "old line")
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		must(err, "hash")
		var h tlog.Hash
		copy(h[:], raw)
		proof = append(proof, h)
	}
	text, origin := openLog([]byte(head[1]), args[2])
	size, root := parseText(text, origin)
	if args[1] == "none" {
		if old != 0 || len(proof) != 0 {
			fail("old %d with %d hashes", old, len(proof))
		}
	} else {
		b, err := os.ReadFile(args[1])
		must(err, "old note")
		oldText, _ := openLog(b, args[2])
		oldSize, oldRoot := parseText(oldText, origin)
		if oldSize != old {
			fail("old %d is not %d", old, oldSize)
		}
		must(tlog.CheckTree(proof, size, root, oldSize, oldRoot), "consistency")
	}
	fmt.Printf("Go agrees: a request from %d to %d leaves\n", old, size)
}

func cosign(args []string) {
	b, err := os.ReadFile(args[0])
	must(err, "request")
	head := strings.SplitN(string(b), "\n\n", 2)
	text := strings.SplitN(head[1], "\n\n", 2)[0] + "\n"
	public, private, err := ed25519.GenerateKey(nil)
	must(err, "key")
	typed := append([]byte{4}, public...)
	sum := sha256.Sum256([]byte(args[1] + "\n" + string(typed)))
	fmt.Printf("%s+%x+%s\n", args[1], sum[:4], base64.StdEncoding.EncodeToString(typed))
	const now = 1700000000
	signed := binary.BigEndian.AppendUint64(sum[:4:4], now)
	signed = append(signed, ed25519.Sign(private, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", now, text)))...)
	fmt.Printf("\u2014 %s %s\n", args[1], base64.StdEncoding.EncodeToString(signed))
}

func entryHashes(dir string, size int64) tlog.Hash {
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = stored[x]
		}
		return out, nil
	})
	for n := int64(0); n*256 < size; n++ {
		// The newest width may be wider than what was signed: any file of this bundle that is wide enough will do.
		name := filepath.Join(dir, "tile", "entries", fmt.Sprintf("%03d", n))
		if more, _ := filepath.Glob(name + ".p/*"); len(more) > 0 {
			name = more[0]
		}
		b, err := os.ReadFile(name)
		must(err, "entries")
		for i := n * 256; i < size && i < (n+1)*256; i++ {
			k := 2 + int(binary.BigEndian.Uint16(b))
			h, err := tlog.StoredHashes(i, b[2:k], read)
			must(err, "hashing")
			stored = append(stored, h...)
			b = b[k:]
		}
	}
	root, err := tlog.TreeHash(size, read)
	must(err, "root")
	return root
}

func main() {
	if len(os.Args) == 5 && os.Args[1] == "-request" {
		checkRequest(os.Args[2:])
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "-cosign" {
		cosign(os.Args[2:])
		return
	}
	if len(os.Args) < 6 {
		fail("usage: checkcosigned NOTE LOGDIR LOGKEY NEEDED COSIGNERKEY...")
	}
	b, err := os.ReadFile(os.Args[1])
	must(err, "note")
	text, origin := openLog(b, os.Args[3])
	needed, err := strconv.Atoi(os.Args[4])
	must(err, "needed")
	var list []note.Verifier
	for _, vkey := range os.Args[5:] {
		c, err := newCosigner(vkey)
		must(err, "cosigner key")
		list = append(list, c)
	}
	n, err := note.Open(b, note.VerifierList(list...))
	must(err, "cosignatures")
	if len(n.Sigs) < needed || n.Text != text {
		fail("%d cosigners have signed, %d are needed", len(n.Sigs), needed)
	}
	size, root := parseText(text, origin)
	if entryHashes(os.Args[2], size) != root {
		fail("the entries do not have the cosigned root")
	}
	fmt.Printf("Go agrees: %d leaves of %s, %d cosigners\n", size, origin, len(n.Sigs))
}
