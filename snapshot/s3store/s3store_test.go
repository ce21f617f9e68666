package s3store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
	"github.com/hikkoshi/hikkoshi/snapshot"
	"github.com/hikkoshi/hikkoshi/snapshot/s3store"
)

const (
	testKey    = "labkey"
	testSecret = "labsecretlabsecret"
	testBucket = "es-snap"
)

// gateway starts a real S3 server over a folder with one bucket; files in that folder are its objects.
func gateway(t *testing.T) (*s3gateway.Gateway, string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts versitygw, which is built by go install")
	}
	root := filepath.Join(t.TempDir(), "s3")
	bucket := filepath.Join(root, testBucket)
	if err := os.MkdirAll(bucket, 0o755); err != nil {
		t.Fatal(err)
	}
	g, err := s3gateway.Start(t.Context(), s3gateway.Options{Root: root, AccessKey: testKey, SecretKey: testSecret,
		Log: t.Output(), Progress: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	return g, bucket
}

func configFor(key, secret, region string) *aws.Config {
	return &aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider(key, secret, "")}
}

func open(t *testing.T, endpoint string, options s3store.Options) *s3store.Store {
	t.Helper()
	options.Endpoint = endpoint
	if options.Config == nil {
		options.Config = configFor(testKey, testSecret, s3gateway.DefaultRegion)
	}
	store, err := s3store.Open(t.Context(), testBucket, options)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func put(t *testing.T, bucket, name string, content []byte) {
	t.Helper()
	file := filepath.Join(bucket, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func noise(size int) []byte {
	content := make([]byte, size)
	source := rand.NewChaCha8([32]byte{7})
	source.Read(content)
	return content
}

func readAll(t *testing.T, store snapshot.Storage, name string, offset, length int64) []byte {
	t.Helper()
	reader, err := store.Read(t.Context(), name, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestARealServerGivesWhatAFolderGives(t *testing.T) {
	t.Parallel()
	g, bucket := gateway(t)
	big := noise(3<<20 + 17)
	put(t, bucket, "repo/big", big)
	put(t, bucket, "repo/empty", nil)
	put(t, bucket, "repo/indices/ä b+c/0/__1", []byte("name with spaces, plus and umlaut"))
	const many = 2100 // more than two pages
	for i := range many {
		put(t, bucket, fmt.Sprintf("repo/many/%04d", i), []byte("x"))
	}
	put(t, bucket, "repository", []byte("shares the first letters"))
	store := open(t, g.URL(), s3store.Options{Part: 256 << 10})
	folder, err := snapshot.OpenFolder(bucket)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()

	for _, prefix := range []string{"", "repo", "repo/", "repo/many/00", "repo/big", "nothing"} {
		want, got := listing(t, folder, prefix), listing(t, store, prefix)
		if len(want) != len(got) {
			t.Errorf("prefix %q: folder lists %d, bucket %d", prefix, len(want), len(got))
		}
		for name, size := range want {
			if there, found := got[name]; !found || there != size {
				t.Errorf("prefix %q: %s has %d bytes in the folder, in the bucket %d (listed: %v)", prefix, name, size, there, found)
			}
		}
	}
	size := int64(len(big))
	for _, span := range []struct{ offset, length int64 }{
		{0, -1}, {0, 1}, {0, size}, {0, size + 5}, {1, -1}, {size - 1, -1}, {size - 1, 10}, {size, -1}, {size, 1}, {size + 9, 3},
		{100, 256 << 10}, {256<<10 - 1, 2}, {256 << 10, 256 << 10}, {0, 0}, {5, 700 << 10},
	} {
		want := readAll(t, folder, "repo/big", span.offset, span.length)
		got := readAll(t, store, "repo/big", span.offset, span.length)
		if !bytes.Equal(want, got) {
			t.Errorf("read %d bytes from %d: folder gives %d bytes, bucket %d, or others", span.length, span.offset, len(want), len(got))
		}
	}
	if got := readAll(t, store, "repo/empty", 0, -1); len(got) != 0 {
		t.Errorf("the empty blob has %d bytes", len(got))
	}
	if got := readAll(t, store, "repo/indices/ä b+c/0/__1", 5, 4); string(got) != "with" {
		t.Errorf("got %q", got)
	}
	for _, length := range []int64{-1, 0, 3} {
		if _, err := store.Read(t.Context(), "repo/none", 0, length); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a missing blob, %d bytes of it: %v", length, err)
		}
	}
}

func listing(t *testing.T, storage snapshot.Storage, prefix string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	for blob, err := range storage.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		found[blob.Name] = blob.Size
	}
	return found
}

func TestRefusalsOfARealServerSayWhatToDo(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t)
	for name, test := range map[string]struct {
		bucket string
		config *aws.Config
		kind   error
		words  string
	}{
		"wrong secret":      {testBucket, configFor(testKey, "wrongwrongwrong", s3gateway.DefaultRegion), fs.ErrPermission, "key"},
		"unknown key":       {testBucket, configFor("nobody", testSecret, s3gateway.DefaultRegion), fs.ErrPermission, "key"},
		"no such bucket":    {"another-bucket", configFor(testKey, testSecret, s3gateway.DefaultRegion), fs.ErrNotExist, "bucket"},
		"not a bucket name": {"Not_A_Bucket", configFor(testKey, testSecret, s3gateway.DefaultRegion), nil, "bucket"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s3store.Open(t.Context(), test.bucket, s3store.Options{Endpoint: g.URL(), Config: test.config})
			if err == nil || test.kind != nil && !errors.Is(err, test.kind) {
				t.Fatalf("got %v", err)
			}
			var known *s3store.Error
			if !errors.As(err, &known) || !strings.Contains(known.Hint(), test.words) {
				t.Errorf("%v has the hint %q", err, known.Hint())
			}
			for _, secret := range []string{testSecret, "wrongwrongwrong"} {
				if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
					t.Error("the error holds a secret")
				}
			}
		})
	}
}

// breaker stands between client and server and spoils answers: the real server never does.
func breaker(t *testing.T, target string, spoil func(http.ResponseWriter, *http.Request, *httptest.ResponseRecorder) bool) *httptest.Server {
	t.Helper()
	address, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(address)
		r.Out.Host = r.In.Host // the signature covers it
	}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		proxy.ServeHTTP(recorder, r)
		if spoil(w, r, recorder) {
			return
		}
		copyHeader(w, recorder)
		w.WriteHeader(recorder.Code)
		w.Write(recorder.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	return server
}

func copyHeader(w http.ResponseWriter, recorder *httptest.ResponseRecorder) {
	for name, values := range recorder.Header() {
		w.Header()[name] = values
	}
}

func TestABodyThatBreaksOffIsReadOnFromWhereItBroke(t *testing.T) {
	t.Parallel()
	g, bucket := gateway(t)
	big := noise(500<<10 + 3)
	put(t, bucket, "big", big)
	var broken, requests atomic.Int64
	server := breaker(t, g.URL(), func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) bool {
		if r.Method != http.MethodGet || answer.Body.Len() < 2 {
			return false
		}
		// Two of three answers end in the middle: sometimes after bytes, sometimes with a 503.
		switch requests.Add(1) % 3 {
		case 0:
			return false
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		broken.Add(1)
		copyHeader(w, answer)
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
		panic(http.ErrAbortHandler)
	})
	for _, parallel := range []int{1, 4} {
		store := open(t, server.URL, s3store.Options{Part: 128 << 10, Parallel: parallel})
		if got := readAll(t, store, "big", 0, -1); !bytes.Equal(got, big) {
			t.Errorf("parallel %d: %d bytes, or others than were written", parallel, len(got))
		}
	}
	if broken.Load() == 0 {
		t.Error("nothing was broken")
	}
}

func TestAStalledBodyIsGivenUpAndReadAgain(t *testing.T) {
	t.Parallel()
	g, bucket := gateway(t)
	content := noise(200 << 10)
	put(t, bucket, "slow", content)
	release := make(chan struct{})
	var stalledOnce atomic.Bool
	server := breaker(t, g.URL(), func(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) bool {
		if r.Method != http.MethodGet || answer.Body.Len() == 0 || !stalledOnce.CompareAndSwap(false, true) {
			return false
		}
		copyHeader(w, answer)
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes()[:1000])
		w.(http.Flusher).Flush()
		<-release
		return true
	})
	t.Cleanup(func() { close(release) })
	store := open(t, server.URL, s3store.Options{Stall: time.Second})
	if got := readAll(t, store, "slow", 0, -1); !bytes.Equal(got, content) {
		t.Errorf("%d bytes, or others than were written", len(got))
	}
}

func TestABlobReplacedWhileItIsReadIsAnError(t *testing.T) {
	t.Parallel()
	g, _ := gateway(t)
	// Uploaded, since a file put into the folder by hand has no ETag, as every object of S3 has.
	writer := s3.NewFromConfig(*configFor(testKey, testSecret, s3gateway.DefaultRegion), func(o *s3.Options) {
		o.BaseEndpoint, o.UsePathStyle = aws.String(g.URL()), true
	})
	if _, err := writer.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(testBucket), Key: aws.String("moving"), Body: bytes.NewReader(noise(1 << 20))}); err != nil {
		t.Fatal(err)
	}
	store := open(t, g.URL(), s3store.Options{Part: 64 << 10, Parallel: 1})
	reader, err := store.Read(t.Context(), "moving", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := writer.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(testBucket), Key: aws.String("moving"), Body: strings.NewReader("other")}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(reader); !errors.Is(err, s3store.ErrChanged) {
		t.Errorf("got %v", err)
	}
}

func TestARegionNamedInARefusalIsTaken(t *testing.T) {
	t.Parallel()
	var regions []string
	var mutex sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		parts := strings.Split(scope, "/")
		mutex.Lock()
		regions = append(regions, parts[2])
		mutex.Unlock()
		w.Header().Set("X-Amz-Bucket-Region", "eu-central-1")
		if parts[2] != "eu-central-1" {
			w.WriteHeader(http.StatusMovedPermanently)
		}
	}))
	defer server.Close()
	store := open(t, server.URL, s3store.Options{Config: configFor("key", "secret", "us-east-1")})
	if store.Region() != "eu-central-1" {
		t.Errorf("region %s, asked %v", store.Region(), regions)
	}
}

func TestManyReadersAtOnceDoNotBlockEachOther(t *testing.T) {
	t.Parallel()
	g, bucket := gateway(t)
	content := noise(1 << 20)
	put(t, bucket, "shared", content)
	store := open(t, g.URL(), s3store.Options{Part: 64 << 10, Parallel: 8})
	// More readers than the store has room to read ahead, all open before any is read: nobody may wait for another.
	readers := make([]io.ReadCloser, 40)
	for i := range readers {
		reader, err := store.Read(t.Context(), "shared", int64(i), -1)
		if err != nil {
			t.Fatal(err)
		}
		readers[i] = reader
		if _, err := io.ReadFull(reader, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	for i, reader := range readers {
		if i%5 == 0 {
			reader.Close() // given up half-way
			continue
		}
		rest, err := io.ReadAll(reader)
		if err != nil || !bytes.Equal(rest, content[i+1:]) {
			t.Errorf("reader %d: %d bytes, %v", i, len(rest), err)
		}
		reader.Close()
	}
}

func TestAReadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	g, bucket := gateway(t)
	put(t, bucket, "big", noise(1<<20))
	store := open(t, g.URL(), s3store.Options{Part: 64 << 10})
	ctx, cancel := context.WithCancel(t.Context())
	reader, err := store.Read(ctx, "big", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(reader); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	reader.Close()
	if _, err := reader.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a closed reader gives %v", err)
	}
}

func TestAddressesAreTakenApartOrRefused(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"s3://bucket": "bucket|", "s3://bucket/": "bucket|", "s3://bucket/a/b/": "bucket|a/b", "s3://my.bucket/x": "my.bucket|x",
		"http://bucket/x": "", "s3:///x": "", "bucket": "", "s3://key:secret@bucket/x": "", "s3://bucket/x?y": "", "": "",
	} {
		bucket, prefix, err := s3store.ParseURL(address)
		if want == "" {
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v", address, err)
			}
			continue
		}
		if err != nil || bucket+"|"+prefix != want {
			t.Errorf("%s: %s|%s, %v", address, bucket, prefix, err)
		}
	}
}

func TestAnEndpointThatNobodyListensAtIsSaid(t *testing.T) {
	t.Parallel()
	_, err := s3store.Open(t.Context(), testBucket, s3store.Options{Endpoint: "http://127.0.0.1:1", Config: configFor("key", "secret", "us-east-1")})
	var known *s3store.Error
	if !errors.As(err, &known) || !strings.Contains(known.Hint(), "endpoint") {
		t.Errorf("got %v", err)
	}
}
