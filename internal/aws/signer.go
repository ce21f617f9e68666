package aws

// signer.go answers: how is a request to a domain (not to the control plane) signed, so that each attempt carries its
// own fresh signature? The signature is Signature Version 4 over method, path, query, headers and the body's SHA-256.
// Next: problem.go (what the answers mean).

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	// ServiceDomains is the name under which requests to a domain are signed, whatever its product.
	ServiceDomains = "es"
	// ServiceServerless is the name for OpenSearch Serverless collections.
	ServiceServerless = "aoss"

	// EmptyPayloadHash is the SHA-256 of no bytes, for requests without a body.
	EmptyPayloadHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

	// maxSignedBody bounds what is buffered to be hashed when a body cannot be read twice: the largest request a domain
	// takes is 100 MiB.
	maxSignedBody = 100 << 20
	// skewWorthRetry is how far the clocks must differ before a refused request is signed again by the server's clock;
	// the service refuses signatures that are off by more than five minutes.
	skewWorthRetry = 4 * time.Minute
	// maxRefusal bounds how much of a refusal is read to find out why.
	maxRefusal = 64 << 10
)

// Signer signs requests for one service in one region. It is safe for concurrent use.
type Signer struct {
	credentials awssdk.CredentialsProvider
	service     string
	region      string
	profile     string
	signer      *v4.Signer
	// skew is what the server's clock is ahead of ours, in nanoseconds, once a refusal has shown it.
	skew atomic.Int64
}

// Signer signs requests to a service ("es" for domains, "aoss" for serverless collections) in the session's region.
func (s *Session) Signer(service string) *Signer {
	return &Signer{credentials: s.config.Credentials, service: service, region: s.config.Region, profile: s.profile, signer: v4.NewSigner()}
}

// Sign puts date, token and signature on a request, in place of older ones. payloadHash is the lower-case hexadecimal
// SHA-256 of the body; empty means that there is no body. Call it anew for every attempt: a signature lasts five minutes.
func (g *Signer) Sign(ctx context.Context, request *http.Request, payloadHash string) error {
	if payloadHash == "" {
		payloadHash = EmptyPayloadHash
	}
	if g.credentials == nil {
		return explain("sign a request", g.profile, errNoProvider)
	}
	credentials, err := g.credentials.Retrieve(ctx)
	if err != nil {
		return explain("sign a request", g.profile, &credentialsError{err})
	}
	for _, stale := range []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"} {
		request.Header.Del(stale)
	}
	request.Header.Set("X-Amz-Content-Sha256", payloadHash)
	now := time.Now().Add(time.Duration(g.skew.Load())).UTC()
	if err := g.signer.SignHTTP(ctx, credentials, request, payloadHash, g.service, g.region, now); err != nil {
		return explain("sign a request", g.profile, err)
	}
	return nil
}

// RoundTripper signs every request that goes through it. A request refused for its clock or an expired token is signed
// and sent once more, since a refused request changed nothing.
func (g *Signer) RoundTripper(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &signingTransport{signer: g, next: next}
}

type signingTransport struct {
	signer *Signer
	next   http.RoundTripper
}

// RoundTrip never alters the caller's request, as http.RoundTripper demands.
func (t *signingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := hashBody(request)
	if err != nil {
		return nil, err
	}
	response, err := t.send(request, body)
	if err != nil || response.StatusCode != http.StatusForbidden || !t.signer.learn(response) {
		return response, err
	}
	response.Body.Close()
	return t.send(request, body)
}

func (t *signingTransport) send(request *http.Request, body signedBody) (*http.Response, error) {
	attempt := request.Clone(request.Context())
	attempt.Body, attempt.GetBody, attempt.ContentLength = nil, body.open, body.length
	if body.open != nil {
		opened, err := body.open()
		if err != nil {
			return nil, fmt.Errorf("read the body to sign it: %w", err)
		}
		attempt.Body = opened
	}
	if err := t.signer.Sign(request.Context(), attempt, body.hash); err != nil {
		if attempt.Body != nil {
			attempt.Body.Close()
		}
		return nil, err
	}
	return t.next.RoundTrip(attempt)
}

// signedBody is a body that can be sent more than once. Its length is always known: the service takes no chunked requests.
type signedBody struct {
	hash   string
	length int64
	open   func() (io.ReadCloser, error) // nil for no body
}

// hashBody hashes a body and gives a way to open it again for each attempt. It closes the request's own body.
func hashBody(request *http.Request) (signedBody, error) {
	if request.Body == nil || request.Body == http.NoBody {
		return signedBody{hash: EmptyPayloadHash}, nil
	}
	defer request.Body.Close()
	digest := sha256.New()
	if request.GetBody != nil {
		copied, err := request.GetBody()
		if err != nil {
			return signedBody{}, fmt.Errorf("read the body to sign it: %w", err)
		}
		defer copied.Close()
		length, err := io.Copy(digest, copied)
		if err != nil {
			return signedBody{}, fmt.Errorf("read the body to sign it: %w", err)
		}
		return signedBody{hex.EncodeToString(digest.Sum(nil)), length, request.GetBody}, nil
	}
	content, err := io.ReadAll(io.LimitReader(request.Body, maxSignedBody+1))
	if err != nil {
		return signedBody{}, fmt.Errorf("read the body to sign it: %w", err)
	}
	if len(content) > maxSignedBody {
		return signedBody{}, fmt.Errorf("sign a request: its body is over %d MiB, more than a domain takes", maxSignedBody>>20)
	}
	digest.Write(content)
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
	return signedBody{hex.EncodeToString(digest.Sum(nil)), int64(len(content)), open}, nil
}

// learn looks at a 403 and says whether signing again can help: the token has expired, or the clocks differ. It leaves
// the response readable.
func (g *Signer) learn(response *http.Response) bool {
	content, err := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(content), response.Body), response.Body}
	if err != nil {
		return false
	}
	switch kind := kindOfText("", string(content)); kind {
	case ErrExpiredToken:
		cache, ok := g.credentials.(*awssdk.CredentialsCache)
		if ok {
			cache.Invalidate()
		}
		return ok
	case ErrClockSkew:
		server, err := http.ParseTime(response.Header.Get("Date"))
		if err != nil {
			return false
		}
		skew := time.Until(server)
		if (skew - time.Duration(g.skew.Load())).Abs() < skewWorthRetry {
			return false
		}
		g.skew.Store(int64(skew))
		return true
	}
	return false
}
