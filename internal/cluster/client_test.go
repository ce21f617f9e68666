package cluster

// client_test.go answers: is every failure on the road told in clear words, is only the harmless repeated, and does
// no secret ever show? The servers here exist to fail on purpose; real nodes are in suite_test.go.

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func clientFor(t *testing.T, config Config) *Client {
	t.Helper()
	client, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func answer(t *testing.T, status int, header map[string]string, body string) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for key, value := range header {
			w.Header().Set(key, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // a client that went away is none of this server's business
	})
}

func TestRefusalsAreNamedWithAHint(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-17 * time.Minute).UTC().Format(http.TimeFormat)
	for _, one := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		kind   error
		words  string
	}{
		{"AWS policy", 403, nil, `{"Message":"User: arn:aws:iam::123456789012:user/x is not authorized to perform: es:ESHttpGet"}`, ErrForbidden, "access policy"},
		{"AWS anonymous", 403, nil, `{"Message":"User: anonymous is not authorized to perform: es:ESHttpGet on resource: d"}`, ErrForbidden, "access policy"},
		{"AWS region", 403, nil, `{"message":"Credential should be scoped to a valid region, not 'us-east-1'. "}`, ErrWrongRegion, "region"},
		{"AWS clock", 403, map[string]string{"Date": past}, `{"message":"Signature expired: 20261122T100000Z is now earlier than 20261122T101200Z"}`, ErrClockSkew, "17m"},
		{"AWS future clock", 403, nil, `{"message":"Signature not yet current: 2026"}`, ErrClockSkew, "clock"},
		{"AWS secret", 403, nil, `{"message":"The request signature we calculated does not match the signature you provided."}`, ErrCredentials, "secret key"},
		{"AWS token", 403, nil, `{"message":"The security token included in the request is expired"}`, ErrCredentials, "log in again"},
		{"AWS key", 403, nil, `{"message":"The security token included in the request is invalid."}`, ErrCredentials, "access key"},
		{"AWS call", 401, nil, `{"Message":"Your request: '/_settings' is not allowed."}`, ErrForbidden, "does not offer"},
		{"user", 401, nil, `{"error":{"type":"security_exception","reason":"missing authentication credentials"},"status":401}`, ErrForbidden, "role"},
		{"basic", 401, nil, `Unauthorized`, ErrCredentials, "password"},
		{"proxy", 403, nil, `<html><body><h1>403 Forbidden</h1></body></html>`, ErrForbidden, "403 Forbidden"},
		{"block", 403, nil, `{"error":{"root_cause":[],"type":"cluster_block_exception","reason":"blocked by: [FORBIDDEN/8/index write (api)];"},"status":403}`, ErrBlocked, "watermark"},
		{"full disk", 403, nil, `{"error":{"type":"cluster_block_exception","reason":"blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];"},"status":403}`, ErrBlocked, "make room"},
		{"full disk since 7.9", 429, nil, `{"error":{"type":"cluster_block_exception","reason":"index [x] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];"},"status":429}`, ErrBlocked, "make room"},
		{"closed in 1.x", 403, nil, `{"error":"ClusterBlockException[blocked by: [FORBIDDEN/4/index closed];]","status":403}`, ErrIndexClosed, "open"},
		{"missing in 1.x", 404, nil, `{"error":"RemoteTransportException[[n][inet[/1]]]; nested: IndexMissingException[[gone] missing]; ","status":404}`, ErrIndexMissing, "index_missing_exception"},
		{"starting", 503, nil, `{"error":{"type":"master_not_discovered_exception","reason":null},"status":503}`, ErrUnavailable, "_cluster/health"},
		{"no backend", 503, nil, `<html>503 Service Temporarily Unavailable</html>`, ErrUnavailable, "_cluster/health"},
		{"throttled", 429, nil, `{"message":"Too Many Requests"}`, ErrTooBusy, "wait"},
		{"gateway", 504, nil, ``, ErrUnavailable, "may still be going on"},
		{"too large", 413, nil, ``, nil, "smaller"},
		{"redirect", 302, map[string]string{"Location": "https://elsewhere/"}, ``, nil, "https://elsewhere/"},
		{"nothing", 500, nil, ``, nil, "internal server error"},
		{"no object", 500, nil, `[1]`, nil, "[1]"},
		{"strange error", 500, nil, `{"error":17}`, nil, "17"},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			client := clientFor(t, Config{URL: answer(t, one.status, one.header, one.body), Retries: -1})
			_, err := client.Do(t.Context(), "GET", "/x", nil, nil)
			var failure *Error
			if !errors.As(err, &failure) || failure.Status != one.status || !strings.Contains(err.Error(), one.words) || one.kind != nil && !errors.Is(err, one.kind) {
				t.Errorf("%v", err)
			}
			if one.kind != nil && HintOf(err) == "" {
				t.Errorf("no hint: %v", err)
			}
		})
	}
}

func TestRefusalsOfRepositoriesThatNoNodeHereShowsAreNamed(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		body string
		kind error
	}{
		// The wording of the AWS SDKs inside the servers.
		{`{"error":{"type":"repository_exception","reason":"[r] Unable to verify","caused_by":{"type":"amazon_s3_exception","reason":"The bucket is in this region: eu-west-1. Please use this region to retry the request (Service: Amazon S3; Status Code: 301; Error Code: PermanentRedirect)"}}}`, ErrBucketElsewhere},
		{`{"error":{"type":"repository_verification_exception","reason":"[r] path [] is not accessible on master node","caused_by":{"type":"i_o_exception","reason":"The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1' (Error Code: AuthorizationHeaderMalformed)"}}}`, ErrBucketElsewhere},
		{`{"Message":"User: arn:aws:iam::1:user/u is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/es-index-backups"}`, ErrPassRole},
		{`{"error":{"type":"repository_verification_exception","reason":"[r] path  is not accessible on master node","caused_by":{"type":"amazon_s3_exception","reason":"Access Denied"}}}`, ErrRepositoryAccess},
	} {
		client := clientFor(t, Config{URL: answer(t, 500, nil, one.body), Retries: -1})
		if err := client.RegisterRepository(t.Context(), "r", S3{Bucket: "b"}.Repository(), true); !errors.Is(err, one.kind) || HintOf(err) == "" {
			t.Errorf("want %v, got %v", one.kind, err)
		}
	}
}

func TestTheRoadsFailuresAreNamedWithAHint(t *testing.T) {
	t.Parallel()
	const refused = "http://127.0.0.1:1" // a port of the system's own, which no test is given
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(encrypted.Close)
	encrypted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	mutual := httptest.NewUnstartedServer(http.NotFoundHandler())
	mutual.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	mutual.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	mutual.StartTLS()
	t.Cleanup(mutual.Close)
	plain := answer(t, 200, nil, "{}")
	silent := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	dropping := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = connection.Close() // dropping it is the point
		}
	})
	for _, one := range []struct {
		name   string
		config Config
		kind   error
		words  string
	}{
		{"refused", Config{URL: refused}, ErrRefused, "port"},
		{"no such host", Config{URL: "http://no-such-host.invalid"}, ErrNoHost, "no-such-host.invalid"},
		{"unknown authority", Config{URL: encrypted.URL}, ErrTLS, "authority"},
		{"http to https", Config{URL: strings.Replace(encrypted.URL, "https", "http", 1)}, ErrTLS, "https://"},
		{"https to http", Config{URL: strings.Replace(plain, "http", "https", 1)}, ErrTLS, "http://"},
		{"client certificate wanted", Config{URL: mutual.URL, InsecureSkipVerify: true}, ErrTLS, "cert_file"},
		{"silent", Config{URL: silent, Timeout: 20 * time.Millisecond}, ErrSilent, "silent"},
		{"dropped", Config{URL: dropping}, ErrConnection, "broke"},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			one.config.Retries = -1
			_, err := clientFor(t, one.config).Do(t.Context(), "POST", "/x", nil, nil)
			if !errors.Is(err, one.kind) || !strings.Contains(err.Error(), one.words) || HintOf(err) == "" {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestOnlyTheHarmlessIsRepeated(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		name    string
		request Request
		status  int
		times   int32
	}{
		{"a GET after 503", Request{Method: "GET", Path: "/x"}, 503, 2},
		{"a GET after 429", Request{Method: "GET", Path: "/x"}, 429, 2},
		{"a POST never", Request{Method: "POST", Path: "/x"}, 503, 1},
		{"a POST after 429 neither", Request{Method: "POST", Path: "/x"}, 429, 1},
		{"a marked POST", Request{Method: "POST", Path: "/x", Repeatable: true}, 502, 2},
		{"a GET after 404 never", Request{Method: "GET", Path: "/x"}, 404, 1},
		{"a GET after 500 never", Request{Method: "GET", Path: "/x"}, 500, 1},
	} {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel()
			var times, events atomic.Int32
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if body, err := io.ReadAll(r.Body); err != nil || string(body) != "body" {
					t.Errorf("body %q, %v", body, err)
				}
				times.Add(1)
				w.WriteHeader(one.status)
			})
			one.request.Body = []byte("body")
			client := clientFor(t, Config{URL: url, Retries: 1, OnRetry: func(event RetryEvent) {
				events.Add(1)
				if event.Attempt != 1 || event.Wait <= 0 || event.Cause == nil {
					t.Errorf("%+v", event)
				}
			}})
			if _, err := client.Send(t.Context(), one.request); err == nil {
				t.Error("no error")
			}
			if times.Load() != one.times || events.Load() != one.times-1 {
				t.Errorf("%d times, %d events", times.Load(), events.Load())
			}
		})
	}
}

func TestARepeatSucceedsAndAnEndedContextStopsIt(t *testing.T) {
	t.Parallel()
	var times atomic.Int32
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if times.Add(1) == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	var waited time.Duration
	client := clientFor(t, Config{URL: url, OnRetry: func(event RetryEvent) { waited = event.Wait }})
	if _, err := client.Do(t.Context(), "GET", "/x", nil, nil); err != nil || waited < time.Second {
		t.Errorf("%v after %s", err, waited)
	}
	ctx, cancel := context.WithCancel(t.Context())
	endless := clientFor(t, Config{URL: answer(t, 503, nil, ""), OnRetry: func(RetryEvent) { cancel() }})
	if _, err := endless.Do(ctx, "GET", "/x", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAClusterIsRedOnlyWhereNoShardIsJustBeingStarted(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		name                string
		initializing, asked int
		later, want         string
	}{
		{"a new index", 1, 2, "yellow", "yellow"},
		{"one that never starts", 1, 2, "red", "red"},
		{"a lost shard", 0, 1, "yellow", "red"},
	} {
		var times atomic.Int32
		client := clientFor(t, Config{URL: serve(t, func(w http.ResponseWriter, r *http.Request) {
			status := "red"
			if times.Add(1) > 1 && r.URL.Query().Get("wait_for_status") == "yellow" {
				status = one.later
			}
			fmt.Fprintf(w, `{"status":%q,"initializing_shards":%d}`, status, one.initializing)
		})})
		health, err := client.SettledHealth(t.Context())
		if err != nil || health.Status != one.want || int(times.Load()) != one.asked {
			t.Errorf("%s: %+v %v, asked %d times", one.name, health, err, times.Load())
		}
	}
}

// recorder notes what a server was sent.
type recorder struct{ headers chan http.Header }

func (r recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.headers <- request.Header.Clone()
	_, _ = io.WriteString(w, request.URL.EscapedPath()+"?"+request.URL.RawQuery)
}

type signer struct {
	hash string
	err  error
}

func (s *signer) Sign(_ context.Context, request *http.Request, payloadHash string) error {
	s.hash = payloadHash
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 signed")
	return s.err
}

func TestCredentialsTravelInTheirHeaderAndNowhereElse(t *testing.T) {
	t.Parallel()
	record := recorder{make(chan http.Header, 10)}
	server := httptest.NewServer(record)
	t.Cleanup(server.Close)
	withUser := strings.Replace(server.URL, "http://", "http://ann:pa%2Fss@", 1)
	sign := &signer{}
	for _, one := range []struct {
		config Config
		want   string
	}{
		{Config{URL: withUser + "/prefix/"}, "Basic YW5uOnBhL3Nz"},
		{Config{URL: server.URL, Basic: Basic{User: "ann", Password: "pa/ss"}}, "Basic YW5uOnBhL3Nz"},
		{Config{URL: server.URL, APIKey: "abc"}, "ApiKey abc"},
		{Config{URL: server.URL, Signer: sign}, "AWS4-HMAC-SHA256 signed"},
		{Config{URL: server.URL}, ""},
	} {
		client := clientFor(t, one.config)
		response, err := client.Send(t.Context(), Request{Method: "PUT", Path: Path("a/b", "日", "c d"), Query: map[string][]string{"q": {"x y+z"}}, Body: []byte("{}")})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(string(response.Body), "/a%2Fb/%E6%97%A5/c%20d?q=x%20y%2Bz") {
			t.Errorf("path %s", response.Body)
		}
		header := <-record.headers
		if header.Get("Authorization") != one.want || header.Get("Content-Type") != "application/json" {
			t.Errorf("%v", header)
		}
		shown := fmt.Sprintf("%v %+v %#v %s %q", one.config, one.config, one.config.Basic, one.config.APIKey, one.config.Basic.Password) + client.URL()
		encoded, err := json.Marshal(one.config.Basic)
		if err != nil {
			t.Fatal(err)
		}
		var logged strings.Builder
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "basic", one.config.Basic, "key", one.config.APIKey)
		for _, text := range []string{strings.ReplaceAll(shown, withUser, ""), string(encoded), logged.String(), client.URL()} {
			if strings.Contains(text, "pa/ss") || strings.Contains(text, "pa%2Fss") || strings.Contains(text, "abc") {
				t.Errorf("a secret shows in %s", text)
			}
		}
	}
	sum := sha256.Sum256([]byte("{}"))
	if sign.hash != hex.EncodeToString(sum[:]) {
		t.Errorf("payload hash %s", sign.hash)
	}
	sign.err = errors.New("no credentials found")
	_, err := clientFor(t, Config{URL: server.URL, Signer: sign}).Do(t.Context(), "GET", "/", nil, nil)
	if !errors.Is(err, ErrCredentials) || !errors.Is(err, sign.err) || HintOf(err) == "" {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "host:9200", "ftp://h", "http://", "http://ann:secret@:0:0", "http://ann:secret%@host"} {
		if _, err := New(Config{URL: bad}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestCompressedBodiesArriveWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("bulk line\n", 10_000)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil || r.Header.Get("Content-Encoding") != "gzip" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body, err := io.ReadAll(unzipped)
		if err != nil || string(body) != long {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	if _, err := clientFor(t, Config{URL: url}).Send(t.Context(), Request{Method: "POST", Path: "/_bulk", Body: []byte(long), Gzip: true}); err != nil {
		t.Error(err)
	}
}

func TestCertificateFilesThatDontFitAreToldBeforeAnyCall(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	empty := filepath.Join(folder, "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, config := range []Config{{CAFile: empty}, {CAFile: filepath.Join(folder, "none")}, {CertFile: empty}, {CertFile: empty, KeyFile: empty}} {
		config.URL = "https://localhost"
		if _, err := New(config); err == nil {
			t.Errorf("%+v passed", config)
		}
	}
}

func TestBulkAnswersThatAreIncompleteProveNothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `{}`, `{"items":{}}`, `{"items":[{"index":{"status":200}}`, `<html>`} {
		client := clientFor(t, Config{URL: answer(t, 200, nil, body)})
		if result, err := client.Bulk(t.Context(), []byte("x"), BulkOptions{}); !errors.Is(err, ErrBulkAnswer) {
			t.Errorf("%q gave %+v, %v", body, result, err)
		}
	}
}

func TestTheHitReaderTakesAnyCutAndAnyPiece(t *testing.T) {
	t.Parallel()
	hits := []string{`{"_id":"1","_source":{"s":"]}\\\"{[","hits":{"hits":[{"_id":"trap"}]}}}`, `{"_id":"2"}`, `{ "_id" : "\\" }`}
	whole := `{"_scroll_id":"a\"b","took":1,"_shards":{"total":1,"hits":[9]},"hits":{"total":3,"max":null,"hits":[` + strings.Join(hits, " ,\n") + `] },"after":{"hits":{"hits":"text"}}}`
	for size := 1; size <= len(whole); size++ {
		var got []string
		reader := hitReader{source: pieces(whole, size)}
		envelope, err := reader.read(func(hit []byte) error { got = append(got, string(hit)); return nil })
		if err != nil || !slices.Equal(got, hits) {
			t.Fatalf("pieces of %d: %q, %v", size, got, err)
		}
		if want := strings.Replace(whole, strings.Join(hits, " ,\n"), "", 1); string(envelope) != want {
			t.Fatalf("envelope %s", envelope)
		}
	}
	for cut := range whole {
		reader := hitReader{source: strings.NewReader(whole[:cut])}
		if _, err := reader.read(func([]byte) error { return nil }); !errors.Is(err, errHits) {
			t.Errorf("cut at %d: %v", cut, err)
		}
		flipped := []byte(whole)
		flipped[cut] ^= 0xFF
		reader = hitReader{source: strings.NewReader(string(flipped))}
		_, _ = reader.read(func([]byte) error { return nil }) // any answer but a panic
	}
	stop := errors.New("enough")
	reader := hitReader{source: strings.NewReader(whole)}
	if _, err := reader.read(func([]byte) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	for _, hostile := range []string{strings.Repeat(`{"a":`, maxDepth+5), strings.Repeat("[", 1000)} {
		reader := hitReader{source: strings.NewReader(hostile)}
		if _, err := reader.read(nil); !errors.Is(err, errHits) {
			t.Errorf("%v", err)
		}
	}
}

// pieces gives a text a few bytes at a time, as a network does.
func pieces(text string, size int) io.Reader {
	reader, writer := io.Pipe()
	go func() {
		for piece := range slices.Chunk([]byte(text), size) {
			if _, err := writer.Write(piece); err != nil {
				return // the reader has seen enough
			}
		}
		_ = writer.Close() // never fails
	}()
	return reader
}
