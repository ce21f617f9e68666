// Package recordings gives tests the repositories that real clusters wrote, and what those clusters said was in them. It
// imports the standard library alone, so that the packages below everything can be tested with it too.
//
// A recording is a folder:
//
//	repo.tar.gz       folders that are repositories: "repo" with snapshots s1 and on, in the large ones also "raw" and others
//	truth.ndjson.gz   every document of every snapshot, as the live cluster returned it
//	truth-meta.json   what the cluster said of its snapshots, indices and templates; only in the large ones
package recordings

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

const (
	archiveName = "repo.tar.gz"
	truthName   = "truth.ndjson.gz"
	// largeSuffix says with which seed the large recordings were made; their folders end in it.
	largeSuffix = "-101"
)

// Module gives the folder that go.mod lies in.
func Module(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		if folder == filepath.Dir(folder) {
			t.Fatal("no go.mod above the test")
		}
	}
}

// Folders lists the large recordings, which lie beside the module. It skips the test where there are none.
func Folders(t testing.TB) []string {
	t.Helper()
	folders := matching(t, "..", "shared", "fixtures", "*"+largeSuffix)
	if len(folders) == 0 {
		t.Skip("the recorded repositories are not on this machine")
	}
	return folders
}

// Folder gives the large recording of a version, such as os2.19.3, and skips the test where there is none.
func Folder(t testing.TB, version string) string {
	t.Helper()
	folders := matching(t, "..", "shared", "fixtures", version+largeSuffix)
	if len(folders) == 0 {
		t.Skipf("no recorded repository of %s on this machine", version)
	}
	return folders[0]
}

// SmallFolders lists the project's own small recordings, which `hikkoshi dev testdata` makes.
func SmallFolders(t testing.TB) []string {
	t.Helper()
	folders := matching(t, "testdata", "snapshots", "*")
	if len(folders) == 0 {
		t.Fatal("the project's own recordings are missing")
	}
	return folders
}

// SmallFolder gives the project's own small recording of a version.
func SmallFolder(t testing.TB, version string) string {
	t.Helper()
	return filepath.Join(Module(t), "testdata", "snapshots", version)
}

// matching lists the folders whose path below the module fits a pattern.
func matching(t testing.TB, pattern ...string) []string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(append([]string{Module(t)}, pattern...)...))
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

// Repository unpacks one repository of a recording into a temporary folder, and gives that folder.
func Repository(t testing.TB, recording, repository string) string {
	t.Helper()
	target := t.TempDir()
	unpack(t, recording, target, func(name string) (string, bool) { return strings.CutPrefix(name, repository+"/") })
	return target
}

// Unpack writes all repositories of a recording below a folder, each under its own name, and gives the folder.
func Unpack(t testing.TB, recording, target string) string {
	t.Helper()
	unpack(t, recording, target, func(name string) (string, bool) { return name, true })
	return target
}

// unpack writes those files of a recording that wanted gives a name for. No name leads out of the target.
func unpack(t testing.TB, recording, target string, wanted func(name string) (string, bool)) {
	t.Helper()
	if err := os.MkdirAll(target, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(target)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }() // its files are closed
	written := 0
	Each(t, filepath.Join(recording, archiveName), func(name string, content []byte) {
		name, ok := wanted(name)
		if !ok {
			return
		}
		written++
		name = filepath.FromSlash(name)
		if err := errors.Join(root.MkdirAll(filepath.Dir(name), 0o755), root.WriteFile(name, content, 0o644)); err != nil {
			t.Fatal(err)
		}
	})
	if written == 0 {
		t.Fatalf("nothing of %s was to be unpacked", recording)
	}
}

// Each calls visit with the files of a .tar.gz, in its order.
func Each(t testing.TB, archive string, visit func(name string, content []byte)) {
	t.Helper()
	unzipped := open(t, archive)
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		visit(path.Clean(header.Name), content)
	}
}

// Documents calls visit with every document of a recording, as the live cluster returned it. Document has the fields that
// the test compares; those of truth.ndjson.gz are told at truthLine in internal/lab.
func Documents[Document any](t testing.TB, recording string, visit func(Document)) {
	t.Helper()
	for lines := json.NewDecoder(bufio.NewReader(open(t, filepath.Join(recording, truthName)))); ; {
		var document Document
		err := lines.Decode(&document)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		visit(document)
	}
}

// open reads a gzipped file until the test's end.
func open(t testing.TB, name string) io.Reader {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() }) // only read
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	return unzipped
}
