package s3store

// errors.go answers: what does an answer of S3 mean, and what can the person do? The raw error is not kept, since its
// text can repeat the request with its token.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ErrChanged says that a blob was replaced while it was being read.
var ErrChanged = errors.New("the blob was replaced while it was read")

// ErrArchived says that a blob lies in an archive (Glacier) and cannot be read directly.
var ErrArchived = errors.New("the blob lies in an archive")

// errService stands for all that has no kind of its own.
var errService = errors.New("the storage does not answer as it should")

// Error is an error for a person. errors.Is finds fs.ErrNotExist, fs.ErrPermission, ErrChanged, ErrArchived.
type Error struct {
	kind   error
	Doing  string
	Said   string
	Advice string
}

// Error says what was tried and what came of it.
func (e *Error) Error() string {
	switch {
	case e.Said == "":
		return e.Doing + ": " + e.kind.Error()
	case e.kind == errService || e.kind == fs.ErrInvalid:
		return e.Doing + ": " + e.Said
	}
	return e.Doing + ": " + e.kind.Error() + ": " + e.Said
}

// Hint says what to do now.
func (e *Error) Hint() string { return e.Advice }

// Unwrap gives the kind.
func (e *Error) Unwrap() error { return e.kind }

// answers is the table of codes: kind, and what to do.
var answers = map[string]struct {
	kind   error
	advice string
}{
	"NoSuchKey":                    {fs.ErrNotExist, "the repository lacks this file; `hikkoshi snapshot check` shows what that means"},
	"NoSuchBucket":                 {fs.ErrNotExist, "there is no such bucket: check its name and the endpoint"},
	"NotFound":                     {fs.ErrNotExist, "check the bucket's name and the endpoint"},
	"AccessDenied":                 {fs.ErrPermission, "the credentials need s3:ListBucket on the bucket and s3:GetObject on its objects"},
	"Forbidden":                    {fs.ErrPermission, "the credentials need s3:ListBucket on the bucket and s3:GetObject on its objects; also check that the access key is right"},
	"InvalidAccessKeyId":           {fs.ErrPermission, "the access key is unknown to this endpoint: check the key, the profile and the endpoint"},
	"SignatureDoesNotMatch":        {fs.ErrPermission, "the secret key does not fit the access key"},
	"ExpiredToken":                 {fs.ErrPermission, "the AWS session has expired: get a new one (`aws sso login`) and run the same command again"},
	"InvalidToken":                 {fs.ErrPermission, "the session token is not accepted: get a new one"},
	"RequestTimeTooSkewed":         {fs.ErrPermission, "this machine's clock is wrong: set it (`timedatectl set-ntp true`) and try again"},
	"AllAccessDisabled":            {fs.ErrPermission, "the bucket's owner or AWS has disabled it"},
	"PreconditionFailed":           {ErrChanged, "something writes into the repository: stop it (a snapshot or a deletion may be running) and try again"},
	"InvalidObjectState":           {ErrArchived, "restore the objects out of Glacier to standard storage first, and take the repository out of the lifecycle rule"},
	"PermanentRedirect":            {errService, "the bucket lies elsewhere: give its region with --region, or the right endpoint"},
	"AuthorizationHeaderMalformed": {errService, "the endpoint wants another region: give it with --region"},
	"InvalidBucketName":            {fs.ErrInvalid, "bucket names have 3 to 63 characters: a to z, 0 to 9, . and -"},
	"BadRequest":                   {errService, "the endpoint does not say why: check the bucket's name, the region and the session token"},
	"SlowDown":                     {errService, "too many requests on this bucket: wait a little, or read with fewer workers"},
}

func explain(doing string, err error) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			return fmt.Errorf("%s: %w", doing, ended)
		}
	}
	if errors.Is(err, errStalled) {
		return &Error{kind: errService, Doing: doing, Said: errStalled.Error(), Advice: "check the network; run the same command again"}
	}
	var api smithy.APIError
	code, said := "", ""
	if errors.As(err, &api) {
		code, said = api.ErrorCode(), clean(api.ErrorMessage())
	}
	var response *smithyhttp.ResponseError
	status := 0
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	if answer, found := answers[code]; found {
		return &Error{kind: answer.kind, Doing: doing, Said: joined(code, said), Advice: answer.advice}
	}
	var noProfile config.SharedConfigProfileNotExistError
	var dns *net.DNSError
	var operation *net.OpError
	switch {
	case errors.As(err, &noProfile):
		return &Error{kind: fs.ErrPermission, Doing: doing, Said: "unknown AWS profile " + noProfile.Profile, Advice: "`aws configure list-profiles` shows the profiles there are"}
	case status == 404:
		return &Error{kind: fs.ErrNotExist, Doing: doing, Said: joined(code, said), Advice: answers["NotFound"].advice}
	case status == 403 || status == 401:
		return &Error{kind: fs.ErrPermission, Doing: doing, Said: joined(code, said), Advice: answers["Forbidden"].advice}
	case status == 412:
		return &Error{kind: ErrChanged, Doing: doing, Advice: answers["PreconditionFailed"].advice}
	case status >= 500:
		return &Error{kind: errService, Doing: doing, Said: fmt.Sprintf("HTTP %d %s", status, joined(code, said)), Advice: "not our doing: wait and run the same command again"}
	case errors.As(err, &dns):
		return &Error{kind: errService, Doing: doing, Said: "no address for " + dns.Name, Advice: "check endpoint, region and DNS server"}
	case errors.As(err, &operation):
		return &Error{kind: errService, Doing: doing, Said: clean(operation.Error()), Advice: "check the network, the proxy (HTTPS_PROXY) and the endpoint"}
	case strings.Contains(err.Error(), "get credentials") || strings.Contains(err.Error(), "failed to refresh cached credentials"):
		return &Error{kind: fs.ErrPermission, Doing: doing, Said: "no AWS credentials, or an expired session",
			Advice: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, give --profile, or run `aws sso login`"}
	}
	if said == "" {
		inner := err
		for next := errors.Unwrap(inner); next != nil; next = errors.Unwrap(inner) {
			inner = next
		}
		said = clean(inner.Error())
	}
	return &Error{kind: errService, Doing: doing, Said: joined(code, said), Advice: "run the same command again; if it stays, check the endpoint"}
}

func joined(code, said string) string {
	if code == "" || said == "" {
		return code + said
	}
	return code + ": " + said
}

// maxSaid bounds how much of the storage's words is repeated.
const maxSaid = 300

// clean keeps one line and cuts where a refusal begins to repeat the request.
func clean(text string) string {
	if at := strings.IndexAny(text, "\r\n"); at >= 0 {
		text = text[:at]
	}
	for _, end := range []string{"The Canonical String", "The String-to-Sign"} {
		if at := strings.Index(text, end); at >= 0 {
			text = text[:at]
		}
	}
	if len(text) > maxSaid {
		text = strings.ToValidUTF8(text[:maxSaid], "") + "..."
	}
	return strings.TrimRight(strings.TrimSpace(text), ".")
}
