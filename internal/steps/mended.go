package steps

// mended.go answers: what of a document that a person mended in the quarantine's file? It is on the target as they wrote it
// and stays on the source as it was. For as long as the source has that version, their source counts as the document's. Next: kibana.go.

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/hikkoshi/hikkoshi/internal/load"
)

// mendedFile has documents that were mended by hand and have arrived, one JSON object a line, as the person wrote them.
const mendedFile = "mended.ndjson"

// mendedSources reads the file once.
func (m *Move) mendedSources() (map[string][]byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.mended != nil {
		return m.mended, nil
	}
	mended := map[string][]byte{}
	err := eachLine(m.Wanted.StateFile(mendedFile), "what was mended", func(_ int, _ []byte, original *load.Original) error {
		if original != nil { // else cut off by a crash: its document is in the quarantine still
			document := original.ES()
			mended[versionKey(&document)] = document.Source
		}
		return nil
	})
	if err != nil {
		return nil, err
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
