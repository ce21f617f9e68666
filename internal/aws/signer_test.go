package aws_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
)

// realS3 starts a real S3 server that checks signatures.
func realS3(t *testing.T) *s3gateway.Gateway {
	t.Helper()
	if testing.Short() {
		t.Skip("starts versitygw, which is built by go install")
	}
	g, err := s3gateway.Start(t.Context(), s3gateway.Options{Root: filepath.Join(t.TempDir(), "s3"), AccessKey: adminKey, SecretKey: adminSecret,
		Region: testRegion, Log: t.Output(), Progress: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Stop)
	return g
}

func session(t *testing.T) *aws.Session {
	t.Helper()
	s, err := aws.Open(t.Context(), aws.Options{Endpoint: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestARealServerAcceptsOurSignatures(t *testing.T) {
	t.Parallel()
	g := realS3(t)
	if err := os.MkdirAll(filepath.Join(g.Root(), "bucket"), 0o755); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: session(t).Signer("s3").RoundTripper(nil)}
	for _, test := range []struct {
		method, path string
		body         io.Reader
		status       int
	}{
		{http.MethodPut, "/bucket/a", strings.NewReader("text"), 200},
		{http.MethodPut, "/bucket/b", io.MultiReader(strings.NewReader("read only "), strings.NewReader("once")), 200},
		{http.MethodGet, "/bucket/a", nil, 200},
		{http.MethodGet, "/bucket?list-type=2&prefix=a&max-keys=5&delimiter=%2F", nil, 200},
		{http.MethodDelete, "/bucket/a", nil, 204},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, g.URL()+test.path, test.body)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != test.status {
			t.Errorf("%s %s: %s %s %v", test.method, test.path, response.Status, answer, err)
		}
	}
	// The same, signed one by one as package cluster does it.
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, g.URL()+"/bucket/c", strings.NewReader("c"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("c"))
	signer := session(t).Signer("s3")
	for range 2 { // a second time, as a retry does
		if err := signer.Sign(t.Context(), request, hex.EncodeToString(sum[:])); err != nil {
			t.Fatal(err)
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%v, %v", response, err)
	}
	response.Body.Close()
	wrong := session(t).As(aws.AccessKey{ID: adminKey, Secret: aws.NewSecret("wrong-secret-that-must-never-show")})
	request, err = http.NewRequestWithContext(t.Context(), http.MethodGet, g.URL()+"/bucket/c", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err = wrong.Signer("s3").RoundTripper(nil).RoundTrip(request)
	if err != nil || response.StatusCode != 403 {
		t.Fatalf("a wrong secret: %v, %v", response, err)
	}
	response.Body.Close()
}

func TestTheControlPlaneAcceptsOurSignatures(t *testing.T) {
	t.Parallel()
	s := startStand(t, fakeaws.Options{})
	client := &http.Client{Transport: s.Signer(aws.ServiceDomains).RoundTripper(nil)}
	for path, status := range map[string]int{"/2021-01-01/domain": 200, "/2021-01-01/opensearch/domain/n%C3%B6ne": 409} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode == 403 || status == 200 && response.StatusCode != 200 {
			t.Errorf("%s: %s %s %v", path, response.Status, answer, err)
		}
	}
}

func TestEachAttemptIsSignedAnewAndTheCallersRequestIsLeftAlone(t *testing.T) {
	t.Parallel()
	var seen []http.Header
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Clone())
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		bodies = append(bodies, string(body))
		if len(seen) == 1 {
			// The server's clock is ten minutes ahead of ours, and it says so.
			w.Header().Set("Date", time.Now().Add(10*time.Minute).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"message":"Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z"}`)
		}
	}))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+"/_snapshot/r", bytes.NewReader([]byte(`{"type":"s3"}`)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Basic stale")
	response, err := session(t).Signer(aws.ServiceDomains).RoundTripper(nil).RoundTrip(request)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%v, %v", response, err)
	}
	response.Body.Close()
	if len(seen) != 2 || bodies[0] != `{"type":"s3"}` || bodies[1] != bodies[0] {
		t.Fatalf("%d attempts with %q", len(seen), bodies)
	}
	first, err1 := time.Parse("20060102T150405Z", seen[0].Get("X-Amz-Date"))
	second, err2 := time.Parse("20060102T150405Z", seen[1].Get("X-Amz-Date"))
	if err1 != nil || err2 != nil || second.Sub(first) < 9*time.Minute {
		t.Errorf("the second attempt is dated %v after the first", second.Sub(first))
	}
	for _, header := range seen {
		if !strings.Contains(header.Get("Authorization"), "/us-east-1/es/aws4_request") || strings.Contains(header.Get("Authorization"), "Basic") {
			t.Errorf("signed as %s", header.Get("Authorization"))
		}
	}
	if request.Header.Get("Authorization") != "Basic stale" || request.Header.Get("X-Amz-Date") != "" {
		t.Errorf("the caller's request was altered: %v", request.Header)
	}
}

func TestARefusalThatSigningCannotCureIsHandedOnWithItsWords(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int64
	const words = `{"Message":"User: anonymous is not authorized to perform: es:ESHttpPut"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attempts.Add(1)
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, words)
	}))
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := session(t).Signer(aws.ServiceDomains).RoundTripper(nil).RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || string(answer) != words || attempts.Load() != 1 {
		t.Errorf("%q after %d attempts, %v", answer, attempts.Load(), err)
	}
}

func TestSigningWithoutCredentialsSaysSo(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	signer := session(t).Signer(aws.ServiceDomains)
	request := httptest.NewRequest(http.MethodGet, "https://domain.example/", nil)
	refusal(t, signer.Sign(t.Context(), request, ""), aws.ErrNoCredentials, "aws sso login")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := signer.Sign(ended, request, ""); err == nil || errors.Is(err, aws.ErrBadCredentials) {
		t.Errorf("got %v", err)
	}
}
