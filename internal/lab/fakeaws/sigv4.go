// This file answers: who signed this request, and is the signature right? Signature Version 4 is computed again from what
// arrived, by the service's rules and not by the SDK's code, so that both are judged. policy.go comes next.

package fakeaws

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	signAlgorithm = "AWS4-HMAC-SHA256"
	signTime      = "20060102T150405Z"
	// signSkew is how far the clocks may differ: the service's own limit.
	signSkew = 5 * time.Minute

	textBadSignature = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	textUnknownKey   = "The security token included in the request is invalid."
	textExpired      = "The security token included in the request is expired"
)

// signFault is what can be wrong with a signature; each service has its own code for it.
type signFault int

const (
	faultMissing signFault = iota
	faultIncomplete
	faultUnknownKey
	faultExpired
	faultSkew
	faultScope
	faultSignature
)

// signCodes holds the error codes by protocol: the two JSON services and the data plane, IAM and STS, S3. Codes and texts are the
// services' as recalled, not looked up. It is never written to.
var signCodes = map[string]map[signFault]string{
	"es": {
		faultMissing: "MissingAuthenticationTokenException", faultIncomplete: "IncompleteSignatureException",
		faultUnknownKey: "UnrecognizedClientException", faultExpired: "ExpiredTokenException",
		faultSkew: "InvalidSignatureException", faultScope: "InvalidSignatureException", faultSignature: "InvalidSignatureException",
	},
	"query": {
		faultMissing: "MissingAuthenticationToken", faultIncomplete: "IncompleteSignature",
		faultUnknownKey: "InvalidClientTokenId", faultExpired: "ExpiredToken",
		faultSkew: "SignatureDoesNotMatch", faultScope: "SignatureDoesNotMatch", faultSignature: "SignatureDoesNotMatch",
	},
	"s3": {
		faultMissing: "AccessDenied", faultIncomplete: "AuthorizationHeaderMalformed",
		faultUnknownKey: "InvalidAccessKeyId", faultExpired: "ExpiredToken",
		faultSkew: "RequestTimeTooSkewed", faultScope: "AuthorizationHeaderMalformed", faultSignature: "SignatureDoesNotMatch",
	},
}

// signError makes the service's error.
func signError(protocol string, f signFault, message string) *apiError {
	return &apiError{status: http.StatusForbidden, code: signCodes[protocol][f], message: message}
}

// signature is a parsed Authorization header.
type signature struct {
	key, date, region, service string
	headers                    []string
	value                      string
}

// parseSignature reads "AWS4-HMAC-SHA256 Credential=K/D/R/S/aws4_request, SignedHeaders=a;b, Signature=hex".
func parseSignature(header string) (signature, bool) {
	rest, ok := strings.CutPrefix(header, signAlgorithm+" ")
	if !ok {
		return signature{}, false
	}
	var sig signature
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			scope := strings.Split(value, "/")
			const scopeParts = 5
			if len(scope) != scopeParts || scope[4] != "aws4_request" {
				return signature{}, false
			}
			sig.key, sig.date, sig.region, sig.service = scope[0], scope[1], scope[2], scope[3]
		case "SignedHeaders":
			sig.headers = strings.Split(value, ";")
		case "Signature":
			sig.value = value
		}
	}
	return sig, sig.key != "" && sig.value != "" && slices.Contains(sig.headers, "host")
}

// signedService is the service a request was signed for, empty when it is not signed.
func signedService(r *http.Request) string {
	sig, _ := parseSignature(r.Header.Get("Authorization"))
	return sig.service
}

// authenticate returns who signed r for service, or the protocol's refusal. payloadHash is the hex SHA-256 of the body,
// except for S3, which signs what its header says.
func (s *Server) authenticate(r *http.Request, protocol, service, payloadHash string) (identity, *apiError) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return identity{}, signError(protocol, faultMissing, "Missing Authentication Token")
	}
	sig, ok := parseSignature(header)
	if !ok {
		return identity{}, signError(protocol, faultIncomplete, "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.")
	}
	when, err := time.Parse(signTime, r.Header.Get("X-Amz-Date"))
	if err != nil {
		return identity{}, signError(protocol, faultIncomplete, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if refusal := s.checkScope(sig, when, protocol, service); refusal != nil {
		return identity{}, refusal
	}
	now := s.o.Now()
	s.mu.Lock()
	who, secret, fault := s.people.byKey(sig.key, r.Header.Get("X-Amz-Security-Token"), now)
	s.mu.Unlock()
	if fault != nil {
		text := textUnknownKey
		switch {
		case *fault == faultExpired:
			text = textExpired
		case protocol == "s3":
			text = "The AWS Access Key Id you provided does not exist in our records."
		}
		return identity{}, signError(protocol, *fault, text)
	}
	canonical := canonicalRequest(r, sig.headers, payloadHash, protocol == "s3")
	want := sign(secret, sig, r.Header.Get("X-Amz-Date"), canonical)
	if !hmac.Equal([]byte(want), []byte(sig.value)) {
		text := textBadSignature
		if protocol == "es" {
			// The service shows what it calculated from; it holds nothing the sender does not know.
			text += "\n\nThe Canonical String for this request should have been\n'" + canonical + "'\n"
		}
		return identity{}, signError(protocol, faultSignature, text)
	}
	return who, nil
}

// checkScope checks time, region and service of the credential's scope.
func (s *Server) checkScope(sig signature, when time.Time, protocol, service string) *apiError {
	now := s.o.Now().UTC()
	stamp := func(t time.Time) string { return t.UTC().Format(signTime) }
	switch {
	case protocol == "s3" && (when.Before(now.Add(-signSkew)) || when.After(now.Add(signSkew))):
		return signError(protocol, faultSkew, "The difference between the request time and the current time is too large.")
	case when.Before(now.Add(-signSkew)):
		return signError(protocol, faultSkew, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)", stamp(when), stamp(now.Add(-signSkew)), stamp(now)))
	case when.After(now.Add(signSkew)):
		return signError(protocol, faultSkew, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)", stamp(when), stamp(now.Add(signSkew)), stamp(now)))
	case sig.date != when.UTC().Format("20060102"):
		return signError(protocol, faultScope, fmt.Sprintf("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", sig.date, when.UTC().Format("20060102"), stamp(when)))
	case sig.service != service:
		return signError(protocol, faultScope, fmt.Sprintf("Credential should be scoped to correct service: '%s'. ", service))
	// IAM is one service for all regions: behind an endpoint of one's own the SDK signs for the client's region, which
	// the real one would refuse with this text when it isn't us-east-1.
	case sig.region != s.o.Region && service != "iam":
		if protocol == "s3" {
			return &apiError{http.StatusBadRequest, signCodes[protocol][faultScope], fmt.Sprintf("The authorization header is malformed; the region '%s' is wrong; expecting '%s'", sig.region, s.o.Region)}
		}
		return signError(protocol, faultScope, fmt.Sprintf("Credential should be scoped to a valid region, not '%s'. ", sig.region))
	}
	return nil
}

// canonicalRequest writes the request as both sides sign it. S3 encodes the path once; everything else
// encodes what was sent, which is encoded already, once more.
func canonicalRequest(r *http.Request, headers []string, payloadHash string, plainPath bool) string {
	path := r.URL.EscapedPath()
	if plainPath {
		path = r.URL.Path
	}
	if path == "" {
		path = "/"
	}
	path = signEscape(path, true)
	var b strings.Builder
	b.WriteString(r.Method + "\n" + path + "\n" + canonicalQuery(r.URL.RawQuery) + "\n")
	for _, name := range headers {
		b.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	b.WriteString("\n" + strings.Join(headers, ";") + "\n" + payloadHash)
	return b.String()
}

// headerValue is a header as signed: values joined by commas, runs of spaces made one.
func headerValue(r *http.Request, name string) string {
	switch name {
	case "host":
		return r.Host
	case "content-length":
		if r.Header.Get("Content-Length") == "" && r.ContentLength >= 0 {
			return fmt.Sprint(r.ContentLength)
		}
	}
	values := slices.Clone(r.Header.Values(name))
	for i, v := range values {
		values[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(values, ",")
}

// canonicalQuery sorts the parameters by name, then value, encoded in the one way of the specification.
func canonicalQuery(raw string) string {
	if raw == "" {
		return ""
	}
	var pairs [][2]string
	for part := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, [2]string{signEscape(unescape(name), false), signEscape(unescape(value), false)})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int {
		if c := strings.Compare(a[0], b[0]); c != 0 {
			return c
		}
		return strings.Compare(a[1], b[1])
	})
	out := make([]string, len(pairs))
	for i, p := range pairs {
		out[i] = p[0] + "=" + p[1]
	}
	return strings.Join(out, "&")
}

// unescape decodes a query part; a broken escape stays as it is, and then the signatures differ.
func unescape(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

// signEscape percent-encodes all but the unreserved characters, and slashes when they separate path segments.
func signEscape(s string, keepSlash bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~', c == '/' && keepSlash:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// sign computes the hex signature.
func sign(secret string, sig signature, stamp, canonical string) string {
	scope := strings.Join([]string{sig.date, sig.region, sig.service, "aws4_request"}, "/")
	text := strings.Join([]string{signAlgorithm, stamp, scope, hexSHA256([]byte(canonical))}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{sig.date, sig.region, sig.service, "aws4_request"} {
		key = hmacSHA256(key, part)
	}
	return hex.EncodeToString(hmacSHA256(key, text))
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
