package cluster

// errors.go answers: what did the server, or the road to it, refuse, in which words, and what can a person do now?
// Refusals about snapshots are told apart in snapshot_errors.go. Next: dialect.go.

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/tidwall/gjson"
)

// Kinds of failures on the road and at the door. Use errors.Is.
var (
	// ErrRefused: nothing took the connection, so the request was surely not executed.
	ErrRefused = errors.New("connection refused")
	// ErrConnection: the connection broke; the request may or may not have been executed.
	ErrConnection = errors.New("connection lost")
	// ErrSilent: the server sent and took nothing for the time limit.
	ErrSilent = errors.New("the server was silent")
	// ErrNoHost: the name has no address.
	ErrNoHost = errors.New("host not found")
	// ErrTLS: the two sides don't agree on encryption or identity.
	ErrTLS = errors.New("TLS failure")
	// ErrCredentials: who asks is unknown, or the signature is wrong.
	ErrCredentials = errors.New("credentials not accepted")
	// ErrForbidden: who asks is known and may not do this.
	ErrForbidden = errors.New("not allowed")
	// ErrClockSkew: this machine's clock is off, so that signatures are refused.
	ErrClockSkew = errors.New("clock skew")
	// ErrWrongRegion: the request was signed for another AWS region.
	ErrWrongRegion = errors.New("wrong region")
	// ErrBlocked: a block on the index or cluster holds the operation.
	ErrBlocked = errors.New("blocked")
	// ErrNotFound: the index, document, template or call does not exist.
	ErrNotFound = errors.New("not found")
	// ErrIndexExists: an index (or alias) of that name is there already.
	ErrIndexExists = errors.New("index exists already")
	// ErrIndexMissing: no index of that name.
	ErrIndexMissing = errors.New("index missing")
	// ErrIndexClosed: the index is closed and can be neither searched nor put into a snapshot.
	ErrIndexClosed = errors.New("index closed")
	// ErrTooBusy: the server asks for patience.
	ErrTooBusy = errors.New("too busy")
	// ErrUnavailable: no master, no nodes, or still starting.
	ErrUnavailable = errors.New("not available")
)

// Error is one failed call: what was asked, what came back, and what to do now.
type Error struct {
	// Status is 0 when no answer came.
	Status int
	// Type is the server's own, in the spelling of 2.x and later: "index_not_found_exception".
	Type string
	// Reason is the server's text, with the reasons of what caused it.
	Reason       string
	Method, Path string
	// Hint is one sentence: what to do now. Empty where nothing is known.
	Hint string
	// Kind is one of the sentinels of this package, or nil.
	Kind error
	// Cause is the error beneath, when no answer came.
	Cause error
	// RetryAfter is what the server asked for.
	RetryAfter time.Duration
}

// Error gives one line.
func (e *Error) Error() string {
	var text strings.Builder
	if e.Method != "" {
		fmt.Fprintf(&text, "%s %s: ", e.Method, e.Path)
	}
	if e.Status != 0 {
		fmt.Fprintf(&text, "%d ", e.Status)
	}
	if e.Type != "" {
		text.WriteString(e.Type + ": ")
	}
	text.WriteString(e.Reason)
	if e.Hint != "" {
		text.WriteString(" (" + e.Hint + ")")
	}
	return text.String()
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	var beneath []error
	for _, err := range []error{e.Kind, e.Cause} {
		if err != nil {
			beneath = append(beneath, err)
		}
	}
	return beneath
}

// IsMissing says that what was asked for is not there: the index, or anything else.
func IsMissing(err error) bool { return errors.Is(err, ErrNotFound) || errors.Is(err, ErrIndexMissing) }

// HintOf gives the hint of the first *Error in a chain.
func HintOf(err error) string {
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Hint
	}
	return ""
}

const (
	maxReason = 2000
	maxCauses = 8
	// maxOne bounds each reason of several: since 8.x the first repeats the document's value, and what is wrong with it
	// stands in the last.
	maxOne = 600
)

// refusal makes an *Error of an answer from status 300 on.
func refusal(request Request, answer *http.Response, body []byte) *Error {
	failure := &Error{
		Status: answer.StatusCode, Method: request.Method, Path: request.Path, RetryAfter: retryAfter(answer.Header),
	}
	failure.Type, failure.Reason = reasonOf(body)
	if failure.Reason == "" {
		failure.Reason = strings.ToLower(http.StatusText(answer.StatusCode))
	}
	if answer.StatusCode < http.StatusBadRequest {
		failure.Reason = "answered with a redirect to " + shorten(answer.Header.Get("Location"), 200)
		failure.Hint = "put the address it redirects to into the cluster's url"
		return failure
	}
	if recogniseSnapshot(failure) {
		return failure
	}
	recognise(failure, answer.Header)
	return failure
}

// reasonOf reads the shapes that the versions, AWS and proxies answer with:
// {"error":"IndexMissingException[[x] missing]","status":404} up to 1.x, {"error":{"type":…,"reason":…}} since 2.0,
// {"Message":…} from AWS, and plain text or HTML.
func reasonOf(body []byte) (kind, reason string) {
	text := strings.TrimSpace(string(body))
	if !gjson.ValidBytes(body) || !strings.HasPrefix(text, "{") {
		if strings.HasPrefix(text, "<") {
			text = htmlTag.ReplaceAllString(text, " ")
		}
		return "", shorten(text, maxReason)
	}
	parsed := gjson.ParseBytes(body)
	failure := parsed.Get("error")
	switch {
	case failure.IsObject():
		reasons := []string{failure.Get("reason").String()}
		if reasons[0] == "" {
			// Since 6.x the search that lacks shards says why only one level down.
			reasons[0] = failure.Get("caused_by.reason").String()
		}
		for cause, depth := failure.Get("caused_by"), 0; cause.IsObject() && depth < maxCauses; depth++ {
			if text := cause.Get("type").String() + ": " + cause.Get("reason").String(); !strings.Contains(reasons[0], cause.Get("reason").String()) {
				reasons = append(reasons, text)
			}
			cause = cause.Get("caused_by")
		}
		// A search that fails on all shards says why only here.
		if root := failure.Get("root_cause.0"); root.Exists() && root.Get("type").String() != failure.Get("type").String() && !strings.Contains(reasons[0], root.Get("reason").String()) {
			reasons = append(reasons, root.Get("type").String()+": "+root.Get("reason").String())
		}
		// 2.x to 6.x name the missing index only beside the reason.
		if index := failure.Get("index").String(); index != "" && !strings.Contains(reasons[0], index) {
			reasons[0] += " [" + index + "]"
		}
		if len(reasons) > 1 {
			for i := range reasons {
				reasons[i] = shorten(reasons[i], maxOne)
			}
		}
		return failure.Get("type").String(), shorten(strings.Join(reasons, "; "), maxReason)
	case failure.Type == gjson.String:
		return oldType(failure.String()), shorten(failure.String(), maxReason)
	}
	for _, key := range []string{"Message", "message"} {
		if text := parsed.Get(key); text.Type == gjson.String {
			return "", shorten(text.String(), maxReason)
		}
	}
	return "", shorten(text, maxReason)
}

var (
	htmlTag = regexp.MustCompile(`<[^>]*>`)
	// oldException finds the class name in a 1.x text; wrappers around the real one are skipped by oldType.
	oldException = regexp.MustCompile(`([A-Z][A-Za-z0-9]+(?:Exception|Error))\[`)
	camelHump    = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// oldType turns "RemoteTransportException[[n][inet]]; nested: IndexMissingException[[x] missing]; " into
// "index_missing_exception".
func oldType(text string) string {
	for _, match := range oldException.FindAllStringSubmatch(text, -1) {
		switch match[1] {
		case "RemoteTransportException", "NotSerializableTransportException", "ElasticsearchException":
			continue
		}
		return strings.ToLower(camelHump.ReplaceAllString(match[1], "${1}_${2}"))
	}
	return ""
}

// recognise names the kind of a refusal and what to do.
func recognise(failure *Error, header http.Header) {
	text := strings.ToLower(failure.Type + " " + failure.Reason)
	for _, known := range refusals {
		if known.status != 0 && known.status != failure.Status {
			continue
		}
		for _, part := range known.texts {
			if strings.Contains(text, part) {
				failure.Kind, failure.Hint = known.kind, known.hint
				if errors.Is(known.kind, ErrClockSkew) {
					failure.Hint = clockHint(header)
				}
				return
			}
		}
	}
	switch failure.Status {
	case http.StatusUnauthorized:
		failure.Kind, failure.Hint = ErrCredentials, "give a user and password, an API key, or sign for AWS; those given were not accepted"
	case http.StatusForbidden:
		failure.Kind, failure.Hint = ErrForbidden, "give this user or role the right to do it (AWS: the domain's access policy, and the role mapping with fine-grained access control)"
	case http.StatusNotFound:
		failure.Kind = ErrNotFound
	case http.StatusRequestEntityTooLarge:
		failure.Hint = "send smaller bulk requests: the server's http.max_content_length or AWS's limit (10 or 100 MiB by instance type) is exceeded"
	case http.StatusTooManyRequests:
		failure.Kind, failure.Hint = ErrTooBusy, "the cluster asks for fewer or slower requests; wait, or lower the concurrency"
	case http.StatusBadGateway, http.StatusGatewayTimeout:
		failure.Kind, failure.Hint = ErrUnavailable, "the proxy in front got no answer in time; the work may still be going on: look before repeating it"
	case http.StatusServiceUnavailable:
		failure.Kind, failure.Hint = ErrUnavailable, "the cluster is starting, has no master or no free node; look at _cluster/health and try again"
	}
}

// refusals are told apart by their words; the first that fits wins. Texts are in lower case.
var refusals = []struct {
	status int
	texts  []string
	kind   error
	hint   string
}{
	{0, []string{"signature expired", "signature not yet current", "requesttimetooskewed", "request timestamp"}, ErrClockSkew, ""},
	{0, []string{"credential should be scoped to a valid region", "the region '"}, ErrWrongRegion,
		"sign for the region in the domain's host name: set region in the migration file or pass --region"},
	{0, []string{"signature we calculated does not match"}, ErrCredentials,
		"the secret key is wrong, or a proxy between changes the request"},
	{0, []string{"security token included in the request is expired", "expiredtoken"}, ErrCredentials,
		"the temporary credentials ran out: log in again"},
	{0, []string{"security token included in the request is invalid", "unrecognizedclientexception", "missing authentication token", "invalidclienttokenid"}, ErrCredentials,
		"the access key is unknown or none was sent: check profile, environment or instance role"},
	{0, []string{"is not authorized to perform", "anonymous is not authorized"}, ErrForbidden,
		"allow this identity in the domain's access policy, and in an IAM policy for es:ESHttp*"},
	{0, []string{"no permissions for", "security_exception"}, ErrForbidden,
		"map this user or role to a role with that permission (fine-grained access control: Security, Roles)"},
	{0, []string{"index_closed_exception", "index closed", "indexclosedexception"}, ErrIndexClosed, "open the index first, or leave it out"},
	{0, []string{"/12/index read-only / allow delete", "/12/disk usage exceeded flood-stage watermark"}, ErrBlocked,
		`its disks are nearly full: make room on them; 7.4 and later, and OpenSearch, then lift the block by themselves, before them PUT /_all/_settings {"index.blocks.read_only_allow_delete":null} does`},
	{0, []string{"cluster_block_exception", "clusterblockexception"}, ErrBlocked,
		"a block on the index or cluster is in force; disk space below the watermark sets one by itself"},
	{0, []string{"index_already_exists", "indexalreadyexists", "resource_already_exists", "invalid_index_name_exception: [", "an index or data stream exists with the same name as the alias"}, ErrIndexExists,
		"delete or rename what is there, or choose another name"},
	{http.StatusNotFound, []string{"index_not_found", "indexmissing", "index_missing", "no such index"}, ErrIndexMissing, "check the name: it was deleted, or never made"},
	{0, []string{"all shards failed", "due to missing shards"}, ErrUnavailable, "look at _cat/shards; every primary must be started"},
	{http.StatusBadRequest, []string{"client sent an http request to an https server"}, ErrTLS, "use https:// in the url"},
	{0, []string{"is not allowed"}, ErrForbidden, "AWS does not offer this call"},
}

func clockHint(header http.Header) string {
	theirs, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return "set this machine's clock"
	}
	// Rounded: the header knows seconds, and the words should not.
	return fmt.Sprintf("set this machine's clock: it is %s off the server's", time.Until(theirs).Abs().Round(time.Second))
}

// transportError makes an *Error of a call that got no answer.
func transportError(request Request, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrSilent) && !isTimeout(err) {
		return fmt.Errorf("%s %s: %w", request.Method, request.Path, err)
	}
	failure := &Error{Method: request.Method, Path: request.Path, Cause: err, Kind: ErrConnection}
	var (
		missing       *net.DNSError
		authority     x509.UnknownAuthorityError
		hostname      x509.HostnameError
		invalid       x509.CertificateInvalidError
		notTLS        tls.RecordHeaderError
		verification  *tls.CertificateVerificationError
		alert         tls.AlertError
		dialing       *net.OpError
		dialTimedOut  = errors.As(err, &dialing) && dialing.Op == "dial"
		answersInHTTP = errors.As(err, &notTLS) || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
	)
	switch {
	case errors.Is(err, ErrSilent):
		failure.Kind, failure.Reason, failure.Hint = ErrSilent, err.Error(), "the server or a proxy hangs; look at its load and try again"
	case errors.As(err, &missing):
		failure.Kind, failure.Reason = ErrNoHost, "the host name "+missing.Name+" has no address"
		failure.Hint = "check the url for a typing error, and that the VPN or VPC reaches its name server"
	case answersInHTTP:
		failure.Kind, failure.Reason, failure.Hint = ErrTLS, "the server does not speak TLS", "use http:// in the url"
	case errors.As(err, &authority):
		failure.Kind, failure.Reason = ErrTLS, "the server's certificate is signed by an authority unknown here"
		failure.Hint = "name the authority's certificate file (ca_file)"
	case errors.As(err, &hostname):
		failure.Kind, failure.Reason = ErrTLS, "the server's certificate is not for "+hostname.Host
		failure.Hint = "use the name in the certificate, or check who answers there"
	case errors.As(err, &invalid):
		failure.Kind, failure.Reason, failure.Hint = ErrTLS, "the server's certificate is not valid: "+invalid.Error(), "check its dates and this machine's clock"
	case errors.As(err, &verification), errors.As(err, &alert), strings.Contains(err.Error(), "tls: "):
		failure.Kind, failure.Reason = ErrTLS, "the TLS handshake broke off: "+rootOf(err).Error()
		failure.Hint = "the server may ask for a client certificate (cert_file, key_file) or a newer TLS version"
	case errors.Is(err, syscall.ECONNREFUSED):
		failure.Kind, failure.Reason, failure.Hint = ErrRefused, "nothing listens there (connection refused)", "check host and port, and that the cluster runs"
	case dialTimedOut && isTimeout(err):
		failure.Kind, failure.Reason, failure.Hint = ErrRefused, "no connection within "+dialTimeout.String(), "check host and port, the firewall or security group, and the VPN"
	case dialTimedOut:
		failure.Kind, failure.Reason, failure.Hint = ErrRefused, "no connection: "+rootOf(err).Error(), "check host and port, and the network between"
	default:
		failure.Reason = "the connection broke: " + rootOf(err).Error()
		failure.Hint = "if it happens at once, check http:// against https://; old versions also drop too large or compressed requests"
	}
	return failure
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, os.ErrDeadlineExceeded)
}

// rootOf leaves off the wrappers, whose texts repeat the address.
func rootOf(err error) error {
	for {
		beneath := errors.Unwrap(err)
		if beneath == nil {
			return err
		}
		err = beneath
	}
}
