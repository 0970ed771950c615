// SPDX-License-Identifier: EUPL-1.2

// Reads what `run` fetched from a running gateway over HTTPS, at two moments, with the code of the Go checksum database (golang.org/x/mod/sumdb) and nothing of ours:
// checkpoint as a signed note, tiles as tlog reads them, every entry of every bundle with its leaf hash, and inclusion proofs that Go makes from the tiles. Then it proves
// that the first log is the beginning of the second. live ORIGIN FIRST-FOLDER SECOND-FOLDER
package main

import (
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type source struct {
	folder string
	known  map[string][]byte
}

func (s *source) get(path string) ([]byte, error) {
	if octets, known := s.known[path]; known {
		return octets, nil
	}
	octets, err := os.ReadFile(filepath.Join(s.folder, path))
	s.known[path] = octets
	return octets, err
}

func (s *source) must(path string) []byte {
	octets, err := s.get(path)
	if err != nil {
		log.Fatal(err)
	}
	return octets
}

func (s *source) Height() int { return 8 }

// C2SP's paths have no height: tile/8/L/N becomes tile/L/N.
func (s *source) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range list {
		octets, err := s.get("tile/" + strings.TrimPrefix(tile.Path(), "tile/8/"))
		if err != nil {
			return nil, err
		}
		data = append(data, octets)
	}
	return data, nil
}

func (s *source) SaveTiles([]tlog.Tile, [][]byte) {}

// x/mod's ParseTree knows the first line of go.sum's log only, so that line is exchanged after the signature was verified over the real one.
func (s *source) checkpoint(origin string) tlog.Tree {
	verifier, err := note.NewVerifier(strings.TrimSpace(string(s.must("keys/log.vkey"))))
	if err != nil {
		log.Fatal(err)
	}
	opened, err := note.Open(s.must("checkpoint"), note.VerifierList(verifier))
	if err != nil {
		log.Fatal(err)
	}
	if verifier.Name() != origin || !strings.HasPrefix(opened.Text, origin+"\n") {
		log.Fatalf("a checkpoint of another log: %q", opened.Text)
	}
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + strings.TrimPrefix(opened.Text, origin+"\n")))
	if err != nil {
		log.Fatal(err)
	}
	return tree
}

func (s *source) entries(tree tlog.Tree, reader tlog.HashReader) int {
	count := 0
	for first := int64(0); first < tree.N; first += 256 {
		path := fmt.Sprintf("tile/entries/%03d", first/256)
		if tree.N-first < 256 {
			path += fmt.Sprintf(".p/%d", tree.N-first)
		}
		data := s.must(path)
		for i := first; i < tree.N && i < first+256; i++ {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				log.Fatalf("%s: cut off", path)
			}
			entry := data[2 : 2+binary.BigEndian.Uint16(data)]
			data = data[2+len(entry):]
			hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
			if err != nil || hashes[0] != tlog.RecordHash(entry) {
				log.Fatalf("%s: entry %d does not have its leaf hash (%v)", path, i, err)
			}
			proof, err := tlog.ProveRecord(tree.N, i, reader)
			if err != nil || tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(entry)) != nil {
				log.Fatalf("entry %d cannot be proved (%v)", i, err)
			}
			count++
		}
		if len(data) != 0 {
			log.Fatalf("%s: too long", path)
		}
	}
	return count
}

func look(s *source, origin string) tlog.Tree {
	tree := s.checkpoint(origin)
	reader := tlog.TileHashReader(tree, s) // checks each tile against the root
	root, err := tlog.TreeHash(tree.N, reader)
	if err != nil || root != tree.Hash {
		log.Fatalf("the root from tiles differs (%v)", err)
	}
	fmt.Printf("%d entries of %d, %d files\n", s.entries(tree, reader), tree.N, len(s.known))
	return tree
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: live ORIGIN FIRST-FOLDER SECOND-FOLDER")
	}
	one := &source{folder: os.Args[2], known: map[string][]byte{}}
	two := &source{folder: os.Args[3], known: map[string][]byte{}}
	first, second := look(one, os.Args[1]), look(two, os.Args[1])
	if second.N <= first.N {
		log.Fatalf("the log did not grow: %d, %d", first.N, second.N)
	}
	proof, err := tlog.ProveTree(second.N, first.N, tlog.TileHashReader(second, two))
	if err != nil || tlog.CheckTree(proof, second.N, second.Hash, first.N, first.Hash) != nil {
		log.Fatalf("%d entries are not the beginning of %d (%v)", first.N, second.N, err)
	}
	fmt.Println("all as Go has it")
}
