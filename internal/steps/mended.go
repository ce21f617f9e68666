package steps

// mended.go answers: what of a document that a person mended in the quarantine's file? It is on the target as they wrote it
// and stays on the source as it was. For as long as the source has that version, their source counts as the document's. Next: kibana.go.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/zeebo/xxh3"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

// mendedFile has documents that were mended by hand and have arrived, one JSON object a line, as the person wrote them.
const mendedFile = "mended.ndjson"

// mendedKey tells documents of the source and their versions apart.
func mendedKey(document *es.Document) string {
	return quarantineKey(&load.Refused{Index: document.Index, Type: document.Type, ID: document.ID, Document: &load.Original{Routing: document.Routing, Version: document.Version}})
}

// mendedSources reads the file once.
func (m *Move) mendedSources() (map[string][]byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.mended != nil {
		return m.mended, nil
	}
	mended := map[string][]byte{}
	raw, err := os.ReadFile(m.Wanted.StateFile(mendedFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read what was mended: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, longestQuarantined)
	for lines.Scan() {
		var original load.Original
		if json.Unmarshal(lines.Bytes(), &original) != nil {
			continue // cut off by a crash: its document is in the quarantine still
		}
		document := original.ES()
		mended[mendedKey(&document)] = document.Source
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read what was mended: %w", err)
	}
	m.mended = mended
	return mended, nil
}

// keepMended writes down what a person mended, before it leaves the quarantine.
func (m *Move) keepMended(originals []*load.Original) error {
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for _, original := range originals {
		if err := encoder.Encode(original); err != nil {
			return fmt.Errorf("encode a mended document: %w", err)
		}
	}
	m.mutex.Lock()
	m.mended = nil
	m.mutex.Unlock()
	return appendLines(m.Wanted.StateFile(mendedFile), lines.Bytes())
}

// sourceDigest tells whether a line's source was edited since it was set aside.
func sourceDigest(original *load.Original) string {
	document := original.ES()
	return fmt.Sprintf("%016x", xxh3.Hash(document.Source))
}
