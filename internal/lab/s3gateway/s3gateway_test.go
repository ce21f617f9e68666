package s3gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
)

const (
	testKey    = "labkey"
	testSecret = "labsecretlabsecret"
)

// TestMain lets this test program play the parent that is killed: it starts a gateway and prints its address.
func TestMain(m *testing.M) {
	if root := os.Getenv("S3GATEWAY_TEST_ROOT"); root != "" {
		g, err := s3gateway.Start(context.Background(), s3gateway.Options{Root: root, AccessKey: testKey, SecretKey: testSecret})
		if err != nil {
			panic(err)
		}
		fmt.Println(g.URL())
		select {}
	}
	os.Exit(m.Run())
}

func client(g *s3gateway.Gateway, key, secret string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(g.URL()),
		Region:       g.Region(),
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(key, secret, ""),
	})
}

func start(t *testing.T) *s3gateway.Gateway {
	t.Helper()
	if testing.Short() {
		t.Skip("starts versitygw, which is built by go install")
	}
	g, err := s3gateway.Start(t.Context(), s3gateway.Options{
		Root: filepath.Join(t.TempDir(), "s3"), AccessKey: testKey, SecretKey: testSecret, Log: t.Output(),
		Progress: func(s string) { t.Log(s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	return g
}

func TestWhatIsPutByS3IsAFileAndAFileIsAnObject(t *testing.T) {
	t.Parallel()
	g := start(t)
	c := client(g, testKey, testSecret)
	bucket := aws.String("es-snap")
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("b/index"), Body: strings.NewReader("one")}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(g.Root(), "es-snap", "b", "index")); err != nil || string(got) != "one" {
		t.Errorf("file holds %q, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(g.Root(), "es-snap", "b", "meta-s1.dat"), []byte("two"), 0o600); err != nil {
		t.Fatal(err)
	}
	object, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: aws.String("b/meta-s1.dat"), Range: aws.String("bytes=1-2")})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(object.Body); err != nil || string(got) != "wo" {
		t.Errorf("range is %q, %v", got, err)
	}
	list, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("b/")})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Contents) != 2 {
		t.Errorf("%d objects listed, want 2", len(list.Contents))
	}
}

func TestRequestsThatAreNotSignedRightAreRefused(t *testing.T) {
	t.Parallel()
	g := start(t)
	for _, c := range []struct{ key, secret, code string }{
		{testKey, "wrong-secret", "SignatureDoesNotMatch"},
		{"nobody", testSecret, "InvalidAccessKeyId"},
	} {
		_, err := client(g, c.key, c.secret).ListBuckets(t.Context(), &s3.ListBucketsInput{})
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != c.code {
			t.Errorf("key %s: got %v, want %s", c.key, err, c.code)
		}
	}
	res, err := http.Get(g.URL() + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("an unsigned request got %s", res.Status)
	}
}

func TestTheSecretIsInNoArgument(t *testing.T) {
	t.Parallel()
	g := start(t)
	seen := false
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range processes {
		line, err := os.ReadFile(path)
		if err != nil {
			continue // that process ended while we looked
		}
		seen = seen || bytes.Contains(line, []byte(strings.TrimPrefix(g.URL(), "http://")))
		if bytes.Contains(line, []byte(testSecret)) {
			t.Errorf("%s shows the secret", path)
		}
	}
	if !seen && len(processes) > 0 {
		t.Error("the gateway itself was not among the processes looked at")
	}
}

func TestTheGatewayEndsWithStopAndWithAKilledParent(t *testing.T) {
	t.Parallel()
	g := start(t)
	g.Stop()
	if res, err := http.Get(g.URL()); err == nil {
		res.Body.Close()
		t.Error("the gateway answers after Stop")
	}

	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "S3GATEWAY_TEST_ROOT="+t.TempDir())
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url = strings.TrimSpace(url)
	answers := func() bool {
		res, err := http.Get(url)
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	}
	if !answers() {
		t.Fatal("the parent's gateway does not answer")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	for answers() {
		if t.Context().Err() != nil {
			t.Fatal("the gateway outlived its killed parent")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	t.Parallel()
	for _, o := range []s3gateway.Options{
		{},
		{Root: "x", AccessKey: testKey, SecretKey: "short"},
		{Root: "x", SecretKey: testSecret},
	} {
		if _, err := s3gateway.Start(t.Context(), o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}
