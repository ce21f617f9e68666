package hikkoshi_test

// docs_test.go answers: are the files and packages that the docs and the comments name there?

import (
	"go/ast"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeSpan   = regexp.MustCompile("`([^`]+)`")
	goFileName = regexp.MustCompile(`[\w/.*-]*[\w*]\.go\b`)
	packageRow = regexp.MustCompile(`(?m)^\| (\d) \| ([^|]+) \|`)
)

// located gives the folder in which a name or pattern stands: below one of the folders, below the root, internal or cmd.
func located(t *testing.T, name string, folders ...string) (folder string, found bool) {
	t.Helper()
	for _, folder := range append(folders, ".", "internal", "cmd") {
		matches, err := filepath.Glob(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if len(matches) > 0 {
			return filepath.Dir(matches[0]), true
		}
	}
	return "", false
}

func TestEveryGoFileThatTheDocsNameIsThere(t *testing.T) {
	t.Parallel()
	pages := []string{"README.md"}
	err := filepath.WalkDir("docs", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var folder string // of what the line named before; a bare file name goes on in there
			for _, span := range codeSpan.FindAllStringSubmatch(line, -1) {
				name := span[1]
				if goFileName.FindString(name) != name {
					if info, err := os.Stat(name); err == nil && info.IsDir() {
						folder = name
					}
					continue
				}
				inside, found := located(t, name, folder)
				if !found {
					t.Errorf("%s names %s, which is not there", page, name)
					continue
				}
				folder = inside
			}
		}
	}
}

func TestEveryGoFileThatAnotherOnesCommentsNameIsThere(t *testing.T) {
	t.Parallel()
	goFiles(t, func(folder, _ string, file *ast.File, files *token.FileSet) {
		for _, group := range file.Comments {
			for _, comment := range group.List {
				for _, name := range goFileName.FindAllString(comment.Text, -1) {
					if _, found := located(t, name, folder); !found {
						t.Errorf("%s names %s, which is not there", files.Position(comment.Pos()), name)
					}
				}
			}
		}
	})
}

func TestTheTableOfPackagesIsTheOneOfTheLayersAndOfTheFolders(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	for _, row := range packageRow.FindAllStringSubmatch(string(text), -1) {
		for _, name := range codeSpan.FindAllStringSubmatch(row[2], -1) {
			told[name[1]] = int(row[1][0] - '0')
		}
	}
	if !maps.Equal(told, layers) {
		for name, layer := range layers {
			if found, is := told[name]; !is || found != layer {
				t.Errorf("docs/architecture.md does not say that %s is in layer %d", name, layer)
			}
		}
		for name := range told {
			if _, is := layers[name]; !is {
				t.Errorf("docs/architecture.md has %s, and layers_test.go has not", name)
			}
		}
	}
	there := map[string]bool{".": true}
	goFiles(t, func(folder, _ string, _ *ast.File, _ *token.FileSet) { there[folder] = true })
	for name := range layers {
		if !there[name] {
			t.Errorf("package %s has a layer and no file", name)
		}
	}
	for folder := range there {
		if _, is := layers[folder]; !is && folder != "." {
			t.Errorf("package %s has no layer", folder)
		}
	}
}
