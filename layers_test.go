package hikkoshi_test

// layers_test.go answers: do imports point down only, and does each heavy dependency have one importer?
// A new arrow is a change to these tables, and is reviewed as a change of design (docs/architecture.md).

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/hikkoshi/hikkoshi/"

// layers holds every package with its layer. A package imports only packages of lower layers, or what arrows allows.
var layers = map[string]int{
	"internal/es": 0, "internal/binaryjson": 0, "lucene": 0, "snapshot": 0, "internal/engine": 0, "internal/fleet": 0, "internal/forecast": 0,
	"internal/recordings": 0,
	"snapshot/s3store":    1, "internal/transform": 1, "internal/cluster": 1, "internal/aws": 1, "internal/export": 1,
	"internal/migration": 2, "internal/load": 2, "internal/preflight": 2, "internal/cutover": 2,
	"internal/plan": 3, "internal/control": 3, "internal/intake": 3, "internal/verify": 3, "internal/ui": 3,
	"internal/steps": 4, "internal/lab": 4, "internal/lab/labtest": 4, "internal/lab/fakeaws": 4, "internal/lab/faults": 4, "internal/lab/s3gateway": 4,
	"internal/lab/shipper": 4, "internal/lab/s3gateway/tool": 4,
	"internal/demo": 5, "bench/rig": 5,
	"cmd/hikkoshi": 6, "bench": 6, "bench/load": 6, "bench/fleet": 6, "matrix": 6, "moves": 6, "moves/rehearsals": 6,
}

// arrows are the imports inside one layer that are wanted, by importer.
var arrows = map[string][]string{
	"lucene":                 {"internal/binaryjson"},
	"snapshot":               {"internal/binaryjson"},
	"internal/lab/labtest":   {"internal/lab", "internal/lab/s3gateway/tool"},
	"internal/lab/fakeaws":   {"internal/lab", "internal/lab/s3gateway/tool"},
	"internal/lab/shipper":   {"internal/lab", "internal/lab/s3gateway/tool"},
	"internal/lab":           {"internal/lab/s3gateway", "internal/lab/s3gateway/tool"},
	"internal/lab/s3gateway": {"internal/lab/s3gateway/tool"},
}

// owners are the heavy dependencies with the packages that may import them.
var owners = map[string][]string{
	"github.com/aws/":                {"internal/aws", "snapshot/s3store"},
	"github.com/nats-io/":            {"internal/fleet"},
	"github.com/hashicorp/hcl":       {"internal/terraform"},
	"charm.land/":                    {"internal/ui/tui"},
	"github.com/parquet-go/":         {"internal/export"},
	"github.com/alecthomas/kong":     {"cmd/hikkoshi"},
	"github.com/expr-lang/":          {"internal/transform"},
	"github.com/goccy/go-yaml":       {"internal/migration", "internal/binaryjson", "internal/cutover"},
	"github.com/klauspost/compress/": {"lucene", "snapshot", "internal/export", "internal/cluster"},
}

// goFiles calls visit with every Go file of the module outside testdata, and the package folder it lies in.
func goFiles(t *testing.T, visit func(folder, path string, file *ast.File, files *token.FileSet)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(filepath.Dir(path)), filepath.ToSlash(path), file, files)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsPointDownOnly(t *testing.T) {
	t.Parallel()
	goFiles(t, func(folder, path string, file *ast.File, _ *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") {
			return // tests reach for the lab, and for stand-ins that fail on purpose
		}
		own, known := layers[folder]
		if !known {
			t.Errorf("%s: package %s stands in no layer: give it one in layers_test.go", path, folder)
			return
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if inner, ours := strings.CutPrefix(imported, module); ours {
				if layers[inner] >= own && !slices.Contains(arrows[folder], inner) {
					t.Errorf("%s: %s (layer %d) imports %s (layer %d)", path, folder, own, inner, layers[inner])
				}
			}
			for dependency, packages := range owners {
				if strings.HasPrefix(imported, dependency) && !slices.Contains(packages, folder) {
					t.Errorf("%s: only %v may import %s", path, packages, dependency)
				}
			}
		}
	})
}

func TestFilesAreShortEnoughToReadInOneGo(t *testing.T) {
	t.Parallel()
	const limit = 800
	goFiles(t, func(_, path string, _ *ast.File, _ *token.FileSet) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(content), "\n"); lines > limit {
			t.Errorf("%s has %d lines; split it by subject", path, lines)
		}
	})
}

func TestEveryFileIsFormatted(t *testing.T) {
	t.Parallel()
	goFiles(t, func(_, path string, _ *ast.File, _ *token.FileSet) {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if formatted, err := format.Source(content); err != nil || !bytes.Equal(formatted, content) {
			t.Errorf("%s is not as gofmt writes it (%v)", path, err)
		}
	})
}

func TestEveryPackageAndExportedNameHasASentence(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	goFiles(t, func(folder, path string, file *ast.File, files *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		documented[folder] = documented[folder] || file.Doc != nil
		for _, declaration := range file.Decls {
			for _, name := range undocumented(declaration) {
				t.Errorf("%s: %s has no sentence", files.Position(declaration.Pos()), name)
			}
		}
	})
	for folder, has := range documented {
		if !has {
			t.Errorf("package %s has no doc comment", folder)
		}
	}
}

// undocumented lists the exported names of a declaration that neither have a comment nor stand in a commented block.
func undocumented(declaration ast.Decl) []string {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		var names []string
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					names = append(names, s.Names[0].Name)
				}
			}
		}
		return names
	}
	return nil
}

func exportedReceiver(function *ast.FuncDecl) bool {
	if function.Recv == nil {
		return true
	}
	receiver := function.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported()
}
