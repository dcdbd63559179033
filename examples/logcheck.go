// Logcheck reads a ledger's log over HTTP and checks it with golang.org/x/mod/sumdb alone, the code
// by which the Go command trusts its checksum database: what is signed, stored and proven must agree.
//
//	logcheck LOG KEYFILE [CHECKPOINT ...]
//
// LOG is a URL such as http://127.0.0.1:8400/v1/ledgers/main/log, KEYFILE has a verifier key a line,
// and each CHECKPOINT is a file with one that was kept. It ends with 1 at the first thing that is wrong.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // of tiles, so that each holds 256 hashes

// tiles gives the client of the checksum database the tiles of this log.
type tiles struct {
	log string
	got int
}

func (t *tiles) Height() int { return height }

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		// The checksum database names the height in its paths, and tlog-tiles does not.
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		all = append(all, get(t.log+"/"+path))
		t.got++
	}
	return all, nil
}

func main() {
	log.SetFlags(0)
	base, keys := os.Args[1], verifiers(os.Args[2])
	newest := open("the newest checkpoint", get(base+"/checkpoint"), keys)
	reader := &tiles{log: base}
	hashes := tlog.TileHashReader(newest, reader)

	rederived := leaves(base, newest, hashes)
	fmt.Printf("%d entries: the root is the signed one, and each leaf is in its tile\n", rederived)
	for _, n := range places(newest.N) {
		var served struct{ Hashes []string }
		decode(get(fmt.Sprintf("%s/proofs/inclusion?position=%d&tree_size=%d", base, n+1, newest.N)), &served)
		entry := get(fmt.Sprintf("%s/entries/%d", base, n+1))
		leaf := tlog.RecordHash(entry)
		must(tlog.CheckRecord(unpack(served.Hashes), newest.N, newest.Hash, n, leaf))
		own, err := tlog.ProveRecord(newest.N, n, hashes)
		must(err)
		must(tlog.CheckRecord(own, newest.N, newest.Hash, n, leaf))
	}
	fmt.Printf("%d inclusion proofs: hold\n", len(places(newest.N)))
	for _, name := range os.Args[3:] {
		content, err := os.ReadFile(name)
		must(err)
		kept := open(name, content, keys)
		if kept.N == 0 {
			continue // nothing to prove
		}
		var served struct{ Hashes []string }
		decode(get(fmt.Sprintf("%s/proofs/consistency?first=%d&second=%d", base, kept.N, newest.N)), &served)
		must(tlog.CheckTree(unpack(served.Hashes), newest.N, newest.Hash, kept.N, kept.Hash))
		own, err := tlog.ProveTree(newest.N, kept.N, hashes)
		must(err)
		must(tlog.CheckTree(own, newest.N, newest.Hash, kept.N, kept.Hash))
		fmt.Printf("%s, %d events: the log of %d events extends it\n", name, kept.N, newest.N)
	}
	fmt.Printf("%d tiles read\n", reader.got)
}

// leaves derives the root from the entries and compares every leaf with its tile.
func leaves(base string, tree tlog.Tree, hashes tlog.HashReader) int64 {
	var stored []tlog.Hash
	own := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, index := range indexes {
			out = append(out, stored[index])
		}
		return out, nil
	})
	n := int64(0)
	for start := int64(0); start < tree.N; start += 1 << height {
		width := min(tree.N-start, 1<<height)
		// Level -1 is the data tile of the checksum database: the bundle of entries.
		tile := tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)}
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/data/", height), "tile/entries/", 1)
		bundle := get(base + "/" + path)
		var indexes []int64
		first := n
		for len(bundle) > 0 {
			length := int(binary.BigEndian.Uint16(bundle))
			more, err := tlog.StoredHashes(n, bundle[2:2+length], own)
			must(err)
			stored = append(stored, more...)
			indexes = append(indexes, tlog.StoredHashIndex(0, n))
			bundle = bundle[2+length:]
			n++
		}
		if n-first != width {
			log.Fatalf("%s holds %d entries", path, n-first)
		}
		mine, err := own(indexes)
		must(err)
		theirs, err := hashes.ReadHashes(indexes)
		must(err)
		for i := range mine {
			if mine[i] != theirs[i] {
				log.Fatalf("entry %d is not that of its tile", first+int64(i))
			}
		}
	}
	root, err := tlog.TreeHash(n, own)
	must(err)
	if root != tree.Hash {
		log.Fatalf("the entries give the root %v, and %v was signed", root, tree.Hash)
	}
	return n
}

// open checks the signature of a checkpoint: origin, size and root on a line each.
func open(name string, content []byte, keys note.Verifiers) tlog.Tree {
	opened, err := note.Open(content, keys)
	if err != nil {
		log.Fatalf("%s: %v", name, err)
	}
	lines := strings.SplitN(opened.Text, "\n", 4)
	if lines[0] != opened.Sigs[0].Name {
		log.Fatalf("%s: signed by %s, and of the log %s", name, opened.Sigs[0].Name, lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	hash, err := tlog.ParseHash(lines[2])
	must(err)
	fmt.Printf("%s: signed by %s for %d events\n", name, opened.Sigs[0].Name, size)
	return tlog.Tree{N: size, Hash: hash}
}

func verifiers(name string) note.Verifiers {
	content, err := os.ReadFile(name)
	must(err)
	var all []note.Verifier
	for _, line := range strings.Fields(string(content)) {
		verifier, err := note.NewVerifier(line)
		must(err)
		all = append(all, verifier)
	}
	return note.VerifierList(all...)
}

// places are leaves at both ends, beside the borders of tiles, and a sample of the others.
func places(size int64) []int64 {
	var all []int64
	for _, n := range []int64{0, 1, 255, 256, 257, 65535, 65536, size / 3, size / 2, size - 2, size - 1} {
		if 0 <= n && n < size {
			all = append(all, n)
		}
	}
	for n := int64(7); n < size; n += size/40 + 1 {
		all = append(all, n)
	}
	return all
}

func unpack(written []string) []tlog.Hash {
	var all []tlog.Hash
	for _, one := range written {
		raw, err := base64.StdEncoding.DecodeString(one)
		must(err)
		all = append(all, *(*tlog.Hash)(raw))
	}
	return all
}

func get(url string) []byte {
	answer, err := http.Get(url)
	must(err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	must(err)
	if answer.StatusCode != http.StatusOK {
		log.Fatalf("%s: %s: %s", url, answer.Status, bytes.TrimSpace(content))
	}
	return content
}

func decode(content []byte, into any) { must(json.Unmarshal(content, into)) }

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
