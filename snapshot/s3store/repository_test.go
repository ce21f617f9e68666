package s3store_test

// repository_test.go answers: is a repository read out of S3 the repository that lies in a folder? Real repositories of
// one version for each layout, copied into buckets of a real S3 server, checked byte for byte from both sides.

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hikkoshi/hikkoshi/snapshot"
	"github.com/hikkoshi/hikkoshi/snapshot/s3store"
)

// fixtures finds the recorded repositories beside the module.
func fixtures(t *testing.T) []string {
	t.Helper()
	directory, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			t.Fatal("no go.mod above the test")
		}
		directory = parent
	}
	var found []string
	// Layouts 1, 2, 3, and OpenSearch's hashed shard paths.
	for _, version := range []string{"1.7.6", "2.3.2", "8.19.0", "os3.3.0"} {
		if folder := filepath.Join(directory, "../shared/fixtures", version+"-101"); exists(folder) {
			found = append(found, folder)
		}
	}
	if len(found) == 0 {
		t.Skip("the recorded repositories are not on this machine")
	}
	return found
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// unpack puts an archive's files under the server's root, each repository in a bucket of its own, and names the buckets.
func unpack(t *testing.T, archive, root, stem string) []string {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var buckets []string
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return buckets
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
		repository, name, _ := strings.Cut(path.Clean(header.Name), "/")
		bucket := stem + "-" + repository
		if !slices.Contains(buckets, bucket) {
			buckets = append(buckets, bucket)
		}
		put(t, filepath.Join(root, bucket), name, content)
	}
}

func TestARepositoryInABucketIsTheOneInTheFolder(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t)
	for _, fixture := range fixtures(t) {
		buckets := unpack(t, filepath.Join(fixture, "repo.tar.gz"), g.Root(), filepath.Base(fixture))
		if len(buckets) == 0 {
			t.Errorf("%s holds no repository", fixture)
		}
		for _, bucket := range buckets {
			folder, err := snapshot.OpenFolder(filepath.Join(g.Root(), bucket))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { folder.Close() })
			store, base, err := s3store.OpenURL(t.Context(), "s3://"+bucket, s3store.Options{Endpoint: g.URL(), Config: configFor(testKey, testSecret, g.Region())})
			if err != nil || base != "" {
				t.Fatal(base, err)
			}
			var reports []string
			for _, storage := range []snapshot.Storage{folder, store} {
				opened, err := snapshot.Open(t.Context(), storage, snapshot.Options{})
				if err != nil {
					t.Fatal(err)
				}
				report, err := opened.Check(t.Context(), snapshot.CheckOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if report.Files == 0 || len(report.Problems) > 0 {
					t.Errorf("%s: %d files, %d problems, the first %v", bucket, report.Files, len(report.Problems), report.Problems[:min(1, len(report.Problems))])
				}
				reports = append(reports, fmt.Sprintf("%+v", *report))
			}
			if difference := cmp.Diff(reports[0], reports[1]); difference != "" {
				t.Errorf("%s: folder and bucket differ: %s", bucket, difference)
			}
		}
	}
}
