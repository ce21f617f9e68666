package cutover

// glob.go answers: which files does a pattern in a configuration name? The rules of Ruby's Dir.glob, of which those of
// glob(3) are a part: * ? [set] {a,b} and **/ for any depth; a leading dot has to be written. Next: fluentd_outputs.go.

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxMatches bounds what one pattern may bring; a configuration of more files is a mistake such as /**/*.
const maxMatches = 10_000

var errTooManyFiles = errors.New("too many files")

// glob lists the existing files that match an absolute pattern, sorted.
func glob(pattern string) ([]string, error) {
	found := map[string]bool{}
	for _, single := range expandBraces(pattern) {
		parts := strings.Split(strings.TrimPrefix(filepath.Clean(single), "/"), "/")
		if err := globParts("/", parts, found); err != nil {
			return nil, fmt.Errorf("find the files of %s: %w", pattern, err)
		}
	}
	paths := make([]string, 0, len(found))
	for path := range found {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths, nil
}

func hasMeta(pattern string) bool { return strings.ContainsAny(pattern, "*?[{") }

func globParts(folder string, parts []string, found map[string]bool) error {
	if len(parts) == 0 {
		if len(found) >= maxMatches {
			return errTooManyFiles
		}
		found[folder] = true
		return nil
	}
	part, rest := parts[0], parts[1:]
	if !hasMeta(part) {
		next := filepath.Join(folder, part)
		if _, err := os.Stat(next); err != nil {
			return ignoreMissing(err)
		}
		return globParts(next, rest, found)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return ignoreMissing(err)
	}
	if part == "**" && len(rest) > 0 {
		if err := globParts(folder, rest, found); err != nil {
			return err
		}
	}
	for _, entry := range entries {
		if entry.Name()[0] == '.' && part[0] != '.' {
			continue
		}
		next := filepath.Join(folder, entry.Name())
		if part == "**" && len(rest) > 0 {
			if entry.IsDir() {
				if err := globParts(next, parts, found); err != nil {
					return err
				}
			}
			continue
		}
		matches, err := filepath.Match(part, entry.Name())
		if err != nil {
			return err
		}
		if !matches {
			continue
		}
		if err := globParts(next, rest, found); err != nil {
			return err
		}
	}
	return nil
}

// ignoreMissing: a pattern that leads nowhere matches nothing, as in the writers themselves.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "not a directory") {
		return nil
	}
	return err
}

// maxAlternatives bounds {a,b}{c,d}{e,f}... before it doubles once more.
const maxAlternatives = 1024

// expandBraces writes out {a,b}; nested braces too. Braces without partner stay.
func expandBraces(pattern string) []string {
	all := []string{pattern}
	for i := 0; i < len(all) && len(all) < maxAlternatives; {
		before, alternatives, after, ok := cutBraces(all[i])
		if !ok {
			i++
			continue
		}
		expanded := make([]string, 0, len(alternatives))
		for _, alternative := range alternatives {
			expanded = append(expanded, before+alternative+after)
		}
		all = slices.Replace(all, i, i+1, expanded...)
	}
	return all
}

// cutBraces splits at the first complete pair of braces.
func cutBraces(pattern string) (before string, alternatives []string, after string, ok bool) {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return "", nil, "", false
	}
	depth, start := 0, open+1
	for at := open; at < len(pattern); at++ {
		switch pattern[at] {
		case '{':
			depth++
		case ',':
			if depth == 1 {
				alternatives, start = append(alternatives, pattern[start:at]), at+1
			}
		case '}':
			if depth--; depth == 0 {
				return pattern[:open], append(alternatives, pattern[start:at]), pattern[at+1:], true
			}
		}
	}
	return "", nil, "", false
}
