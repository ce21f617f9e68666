package cluster_test

// s3_test.go answers: what does a real node with the real S3 plugin say of a bucket that is missing, elsewhere, or
// closed to it? The S3 server is real too, and checks signatures.

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
)

func TestBucketsThatDontServeAreNamedByTheRealS3Plugin(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real node and a real S3 server")
	}
	const key, secret = "suitekey", "suitesecretsuitesecret"
	root := filepath.Join(t.TempDir(), "s3")
	start := func(region string) string {
		t.Helper()
		gateway, err := s3gateway.Start(t.Context(), s3gateway.Options{Root: root, AccessKey: key, SecretKey: secret, Region: region})
		need(t, err)
		t.Cleanup(gateway.Stop)
		return strings.TrimPrefix(gateway.URL(), "http://")
	}
	here, elsewhere := start("us-east-1"), start("eu-west-1")
	need(t, os.MkdirAll(filepath.Join(root, "bucket"), 0o755))
	node := labtest.NodeWith(t, lab.Options{Version: "2.4.6", Settings: map[string]string{"cloud.aws.s3.signer": "AWSS3V4SignerType"}})
	b := newBench(t, node.URL(), root)
	register := func(name, bucket, endpoint, key, secret string) error {
		repository := cluster.S3{Bucket: bucket, BasePath: "p", Endpoint: endpoint}.Repository()
		repository.Settings["protocol"], repository.Settings["access_key"], repository.Settings["secret_key"] = "http", key, secret
		return b.RegisterRepository(b.ctx, name, repository, true)
	}
	need(t, register("good", "bucket", here, key, secret))
	b.index("in-s3", 1, "")
	b.fill("in-s3", 3)
	b.snapshot("good", "one", "in-s3")
	if _, err := os.Stat(filepath.Join(root, "bucket", "p", "snap-one.dat")); err != nil {
		t.Errorf("the completion's mark is not in the bucket: %v", err)
	}
	err := register("elsewhere", "bucket", elsewhere, key, secret)
	t.Logf("elsewhere: %v", err)
	wantKind(t, err, cluster.ErrBucketElsewhere, "region")
	err = register("closed", "bucket", here, "another", "anothersecretanothersecret") // the plugin keeps one client per key
	t.Logf("closed: %v", err)
	wantKind(t, err, cluster.ErrRepositoryAccess, "")
	if strings.Contains(err.Error(), "anothersecret") {
		t.Error("the secret shows")
	}
	// The plugin makes a missing bucket without a word, where it may: a typing error in its name shows only here.
	need(t, register("missing", "no-such-bucket", here, key, secret))
	_, err = os.Stat(filepath.Join(root, "no-such-bucket"))
	need(t, err)
}
