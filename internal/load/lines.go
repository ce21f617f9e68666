package load

// lines.go answers: how do documents come out of files, one on a line? A unit is a file; its positions are the numbers of
// its lines, so that a reading goes on where another stopped. What is no document is told with file and line. Next: job.go.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
)

// StandardInput is the name of the unit that is read from there, once.
const StandardInput = "-"

// LineUnit is a file of documents.
type LineUnit struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes,omitempty"`
	// Changed is when the file was last written, in nanoseconds since 1970.
	Changed int64 `json:"changed,omitempty"`
}

// ErrUnfinished says that a file's export was not finished.
var ErrUnfinished = errors.New("the export that wrote it did not finish")

// lineSuffixes end the names of files of documents in a folder.
var lineSuffixes = []string{".ndjson", ".jsonl", ".json"}

// LineUnits lists files, and what of a folder holds documents. folders are those in which descriptions may lie.
func LineUnits(paths []string) (units []LineUnit, folders []string, err error) {
	for _, path := range paths {
		if path == StandardInput {
			units = append(units, LineUnit{File: path})
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, nil, fmt.Errorf("look for documents: %w", err)
		}
		if !info.IsDir() {
			units, folders = append(units, unitOf(path, info)), append(folders, filepath.Dir(path))
			continue
		}
		folders = append(folders, path)
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, nil, fmt.Errorf("look for documents: %w", err)
		}
		for _, entry := range entries {
			name := filepath.Join(path, entry.Name())
			if strings.HasSuffix(name, export.PartialSuffix) {
				return nil, nil, fmt.Errorf("%s: %w", name, ErrUnfinished)
			}
			if entry.IsDir() || export.IsDescription(name) || !holdsLines(name) {
				continue
			}
			info, err := entry.Info()
			if err != nil {
				return nil, nil, fmt.Errorf("look for documents: %w", err)
			}
			units = append(units, unitOf(name, info))
		}
	}
	slices.Sort(folders)
	return units, slices.Compact(folders), nil
}

func unitOf(path string, info fs.FileInfo) LineUnit {
	return LineUnit{File: path, Bytes: info.Size(), Changed: info.ModTime().UnixNano()}
}

func holdsLines(name string) bool {
	for _, packed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	return slices.ContainsFunc(lineSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// BadLine is a line that is no document.
type BadLine struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

// LineOptions say what is done with lines that are not sent.
type LineOptions struct {
	// Bad is told of every line that is no document; its error ends the reading.
	Bad func(BadLine) error
	// Wanted chooses documents by their index; nil takes all.
	Wanted func(index string) bool
}

// Feed gives the file's documents.
func (u LineUnit) Feed(options LineOptions) Feed { return &lineFeed{unit: u, options: options} }

type lineFeed struct {
	unit    LineUnit
	options LineOptions
}

// Each reads the file.
func (f *lineFeed) Each(ctx context.Context, from int64, visit func(position int64, document *es.Document) error) (err error) {
	var lines *export.Lines
	if f.unit.File == StandardInput {
		lines, err = export.NewLines(os.Stdin)
	} else {
		lines, err = export.OpenLines(f.unit.File)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lines.Close()) }()
	var document es.Document
	for {
		line, number, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.unit.File, err)
		}
		if number <= from {
			continue
		}
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := export.ParseLine(line, &document); err != nil {
			if err := f.options.Bad(BadLine{File: f.unit.File, Line: number, Reason: err.Error(), Text: string(line)}); err != nil {
				return err
			}
			continue
		}
		if f.options.Wanted != nil && !f.options.Wanted(document.Index) {
			continue
		}
		if err := visit(number, &document); err != nil {
			return err
		}
	}
}
