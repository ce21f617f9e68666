package hikkoshi_test

// systems_test.go answers: does the program compile for every system it is meant for? Building for another system takes
// minutes on a fresh machine, so each run only holds the kernel's calls against what Windows has; with HIKKOSHI_SYSTEMS=1
// the real tool looks at everything.

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

func TestNoFileThatWindowsGetsAsksForAUnixKernel(t *testing.T) {
	t.Parallel()
	windows := build.Default
	windows.GOOS, windows.CgoEnabled = "windows", false
	has := exported(t, windows, filepath.Join(windows.GOROOT, "src", "syscall"))
	goFiles(t, func(folder, name string, file *ast.File, files *token.FileSet) {
		if matches, err := windows.MatchFile(folder, path.Base(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !matches {
			return
		}
		for _, spec := range file.Imports {
			if spec.Path.Value == `"golang.org/x/sys/unix"` {
				t.Errorf("%s imports %s, which Windows lacks: put the call into a file of its own with //go:build unix (see internal/engine/os_unix.go)", name, spec.Path.Value)
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if call, ok := node.(*ast.SelectorExpr); ok {
				if of, ok := call.X.(*ast.Ident); ok && of.Name == "syscall" && of.Obj == nil && !has[call.Sel.Name] {
					t.Errorf("%s: Windows has no syscall.%s: put it into a file of its own with //go:build unix (see internal/engine/os_unix.go)", files.Position(call.Pos()), call.Sel.Name)
				}
			}
			return true
		})
	})
}

// exported lists what a package declares on a system.
func exported(t *testing.T, system build.Context, folder string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, entry := range entries {
		if matches, err := system.MatchFile(folder, entry.Name()); err != nil || !matches || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, entry.Name()), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for name := range file.Scope.Objects {
			names[name] = true
		}
	}
	return names
}

func TestEverySystemsBuildIsSound(t *testing.T) {
	if os.Getenv("HIKKOSHI_SYSTEMS") == "" {
		t.Skip("builds everything three times: HIKKOSHI_SYSTEMS=1")
	}
	for _, system := range []string{"linux", "darwin", "windows"} {
		command := exec.CommandContext(t.Context(), "go", "vet", "./...")
		command.Env = append(os.Environ(), "GOOS="+system)
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", system, err, output)
		}
	}
}
