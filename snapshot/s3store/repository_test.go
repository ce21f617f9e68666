package s3store_test

// repository_test.go answers: is a repository read out of S3 the repository that lies in a folder? Real repositories of
// one version for each layout, copied into buckets of a real S3 server, checked byte for byte from both sides.

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hikkoshi/hikkoshi/internal/recordings"
	"github.com/hikkoshi/hikkoshi/snapshot"
	"github.com/hikkoshi/hikkoshi/snapshot/s3store"
)

func TestARepositoryInABucketIsTheOneInTheFolder(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t)
	// Layouts 1, 2, 3, and OpenSearch's hashed shard paths.
	for _, version := range []string{"1.7.6", "2.3.2", "8.19.0", "os3.3.0"} {
		repositories, err := filepath.Glob(filepath.Join(recordings.Unpack(t, recordings.Folder(t, version), t.TempDir()), "*"))
		if err != nil || len(repositories) == 0 {
			t.Fatalf("the recording of %s holds no repository: %v", version, err)
		}
		for _, repository := range repositories {
			bucket := version + "-" + filepath.Base(repository)
			if err := os.Rename(repository, filepath.Join(g.Root(), bucket)); err != nil {
				t.Fatal(err)
			}
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
