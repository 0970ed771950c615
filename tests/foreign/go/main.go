// SPDX-License-Identifier: EUPL-1.2

// Reads what publish.c wrote with the code of the Go checksum database (golang.org/x/mod/sumdb): checkpoints as signed notes, tiles, entry bundles,
// inclusion and consistency proofs. Whatever differs ends it with exit code 1.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "sluss.example.org/foreign"

func read(folder string, path string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, path))
	if err != nil {
		log.Fatal(err)
	}
	return data
}

// checkpoint verifies a signed checkpoint. x/mod's ParseTree knows the first line of go.sum's log only, so that line is exchanged after the signature
// was verified over the real one.
func checkpoint(verifiers note.Verifiers, data []byte) tlog.Tree {
	opened, err := note.Open(data, verifiers)
	if err != nil {
		log.Fatal(err)
	}
	if len(opened.Sigs) != 1 || opened.Sigs[0].Name != origin || !strings.HasPrefix(opened.Text, origin+"\n") {
		log.Fatalf("checkpoint of another log: %q", opened.Text)
	}
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + strings.TrimPrefix(opened.Text, origin+"\n")))
	if err != nil {
		log.Fatal(err)
	}
	return tree
}

// tiles serves tlog from the folder. C2SP's paths have no height: tile/8/L/N becomes tile/L/N.
type tiles struct {
	folder string
	known  map[string][]byte
}

func (t *tiles) Height() int { return 8 }

func (t *tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range list {
		path := "tile/" + strings.TrimPrefix(tile.Path(), "tile/8/")
		if _, known := t.known[path]; !known {
			octets, err := os.ReadFile(filepath.Join(t.folder, path))
			if err != nil {
				return nil, err
			}
			t.known[path] = octets
		}
		data = append(data, t.known[path])
	}
	return data, nil
}

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// bundle checks that the newest entry bundle holds the entries, and that their leaf hashes stand in the tree.
func bundle(folder string, size int64, reader tlog.HashReader) {
	n := (size - 1) / 256
	width := size - n*256
	path := fmt.Sprintf("tile/entries/%03d", n)
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	data := read(folder, path)
	for i := n * 256; i < size; i++ {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			log.Fatalf("%s: cut off", path)
		}
		entry := data[2 : 2+binary.BigEndian.Uint16(data)]
		data = data[2+len(entry):]
		if string(entry) != fmt.Sprintf("entry number %d", i) {
			log.Fatalf("%s: entry %d is %q", path, i, entry)
		}
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
		if err != nil || hashes[0] != tlog.RecordHash(entry) {
			log.Fatalf("%s: entry %d does not have its leaf hash (%v)", path, i, err)
		}
	}
	if len(data) != 0 {
		log.Fatalf("%s: too long", path)
	}
}

// inclusion checks one tlog-proof text: format, checkpoint inside, and the proof, which must also be the one that Go makes.
func inclusion(verifiers note.Verifiers, text string, tree tlog.Tree, reader tlog.HashReader) {
	head, rest, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		log.Fatalf("not a tlog-proof: %q", text)
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		octets, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(octets) != tlog.HashSize {
			log.Fatalf("not a hash: %q", line)
		}
		var hash tlog.Hash
		copy(hash[:], octets)
		proof = append(proof, hash)
	}
	if checkpoint(verifiers, []byte(rest)) != tree {
		log.Fatal("the proof's checkpoint is another")
	}
	leaf := tlog.RecordHash([]byte(fmt.Sprintf("entry number %d", index)))
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf); err != nil {
		log.Fatalf("entry %d of %d: %v", index, tree.N, err)
	}
	expected, err := tlog.ProveRecord(tree.N, index, reader)
	if err != nil {
		log.Fatal(err)
	}
	if fmt.Sprint(expected) != fmt.Sprint(proof) {
		log.Fatalf("entry %d of %d: another proof than Go's", index, tree.N)
	}
}

func proofs(folder string, verifiers note.Verifiers, trees map[int64]tlog.Tree, tree tlog.Tree, reader tlog.HashReader) (int, int) {
	included, consistent := 0, 0
	input := bufio.NewReader(bytes.NewReader(read(folder, fmt.Sprintf("proofs/%d", tree.N))))
	for {
		line, err := input.ReadString('\n')
		if err == io.EOF {
			return included, consistent
		}
		var size, old, count int
		if n, _ := fmt.Sscanf(line, "proof %d", &size); n == 1 {
			text := make([]byte, size)
			if _, err := io.ReadFull(input, text); err != nil {
				log.Fatal(err)
			}
			inclusion(verifiers, string(text), tree, reader)
			included++
			continue
		}
		if n, _ := fmt.Sscanf(line, "consistency %d %d", &old, &count); n != 2 {
			log.Fatalf("unexpected line %q", line)
		}
		proof := make(tlog.TreeProof, count)
		for i := range proof {
			if _, err := io.ReadFull(input, proof[i][:]); err != nil {
				log.Fatal(err)
			}
		}
		earlier, known := trees[int64(old)]
		if !known {
			hash, err := tlog.TreeHash(int64(old), reader)
			if err != nil {
				log.Fatal(err)
			}
			earlier = tlog.Tree{N: int64(old), Hash: hash}
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, earlier.N, earlier.Hash); err != nil {
			log.Fatalf("size %d to %d: %v", old, tree.N, err)
		}
		consistent++
	}
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: verify FOLDER")
	}
	folder := os.Args[1]
	verifier, err := note.NewVerifier(string(read(folder, "vkey")))
	if err != nil {
		log.Fatal(err)
	}
	verifiers := note.VerifierList(verifier)
	names, err := filepath.Glob(filepath.Join(folder, "checkpoints", "*"))
	if err != nil {
		log.Fatal(err)
	}
	var sizes []int64
	for _, name := range names {
		size, err := strconv.ParseInt(filepath.Base(name), 10, 64)
		if err != nil {
			log.Fatal(err)
		}
		sizes = append(sizes, size)
	}
	sort.Slice(sizes, func(i, j int) bool { return sizes[i] < sizes[j] })
	trees := map[int64]tlog.Tree{}
	source := &tiles{folder: folder, known: map[string][]byte{}}
	included, consistent := 0, 0
	for _, size := range sizes {
		tree := checkpoint(verifiers, read(folder, fmt.Sprintf("checkpoints/%d", size)))
		if tree.N != size {
			log.Fatalf("checkpoint %d says %d", size, tree.N)
		}
		trees[size] = tree
		if size == 0 { // x/mod's TreeHash(0) is zeros; RFC 6962 has the hash of nothing
			if tree.Hash != sha256.Sum256(nil) {
				log.Fatal("wrong root of the empty tree")
			}
			continue
		}
		reader := tlog.TileHashReader(tree, source) // checks each tile against the root
		root, err := tlog.TreeHash(size, reader)
		if err != nil || root != tree.Hash {
			log.Fatalf("size %d: root from tiles differs (%v)", size, err)
		}
		bundle(folder, size, reader)
		i, c := proofs(folder, verifiers, trees, tree, reader)
		included += i
		consistent += c
	}
	fmt.Printf("%d sizes, %d tiles, %d inclusion and %d consistency proofs: all as Go has them\n", len(sizes), len(source.known), included, consistent)
}
