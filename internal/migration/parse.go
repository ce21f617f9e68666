package migration

// parse.go answers: what does the text say, and in which line is each mistake? Next: validate.go.

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
)

// ErrInvalid is the base of every mistake in migration.yaml.
var ErrInvalid = errors.New("migration.yaml")

// Error is one mistake, with its place and what to do.
type Error struct {
	File    string
	Line    int // 0 when the mistake has no line, such as a missing field
	Message string
	Hint    string
}

// Error gives file, line and message.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.File, e.Message)
}

// Unwrap gives ErrInvalid.
func (e *Error) Unwrap() error { return ErrInvalid }

// maxFile bounds migration.yaml; more is surely another file.
const maxFile = 1 << 20

// Load reads and validates the file at path.
func Load(path string) (*Migration, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &Error{File: path, Message: "there is no such file", Hint: "write one with `hikkoshi init --source DOMAIN-OR-URL --target DOMAIN-OR-URL`, or name it with -c"}
	}
	if err != nil {
		return nil, fmt.Errorf("open the migration: %w", err)
	}
	if info.Size() > maxFile {
		return nil, &Error{File: path, Message: fmt.Sprintf("%d bytes are too many for a migration", info.Size()), Hint: "name another file with -c"}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the migration: %w", err)
	}
	migration, err := Parse(filepath.Base(path), text)
	if err != nil {
		return nil, err
	}
	migration.folder = filepath.Dir(path)
	return migration, nil
}

// Parse reads and validates the text of a migration; name stands in errors.
func Parse(name string, text []byte) (*Migration, error) {
	migration := &Migration{}
	if err := yaml.UnmarshalWithOptions(text, migration, yaml.Strict()); err != nil {
		return nil, explain(name, err)
	}
	migration.applyDefaults()
	if err := migration.Validate(name); err != nil {
		return nil, err
	}
	return migration, nil
}

var unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)

// explain turns the library's error into one with a line and, for an unknown key, the nearest known one.
func explain(name string, err error) error {
	result := &Error{File: name, Message: err.Error(), Hint: "see the comments that `hikkoshi init` writes"}
	var located yaml.Error
	if errors.As(err, &located) {
		result.Message = located.GetMessage()
		if token := located.GetToken(); token != nil && token.Position != nil {
			result.Line = token.Position.Line
		}
	}
	if match := unknownField.FindStringSubmatch(result.Message); match != nil {
		result.Message = fmt.Sprintf("unknown key %q", match[1])
		if nearest := nearestKey(match[1]); nearest != "" {
			result.Hint = fmt.Sprintf("did you mean %q?", nearest)
		}
	}
	return result
}

// nearestKey finds the known key that is fewest edits away, if it is near at all.
func nearestKey(unknown string) string {
	best, bestDistance := "", len(unknown)/2+1
	for _, key := range knownKeys(reflect.TypeFor[Migration](), nil) {
		if distance := editDistance(unknown, key); distance < bestDistance {
			best, bestDistance = key, distance
		}
	}
	return best
}

func knownKeys(structure reflect.Type, keys []string) []string {
	for i := range structure.NumField() {
		field := structure.Field(i)
		key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if key == "" {
			continue
		}
		keys = append(keys, key)
		inner := field.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			keys = knownKeys(inner, keys)
		}
	}
	return keys
}

// editDistance is Levenshtein's, over bytes: keys are ASCII.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
