package aws

// problem.go answers: what does an error of Amazon's mean in clear words, and what can the person do about it now?
// The raw error is not kept: its text can hold the canonical request, and with it the session's token.
// Next: problemtable.go (which code means what).

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The kinds of problem; switch with errors.Is.
var (
	ErrNoCredentials  = errors.New("no AWS credentials")
	ErrUnknownProfile = errors.New("unknown AWS profile")
	ErrBadCredentials = errors.New("AWS does not accept the credentials")
	ErrExpiredToken   = errors.New("the AWS session has expired")
	ErrClockSkew      = errors.New("this machine's clock is wrong")
	ErrAccessDenied   = errors.New("access denied")
	ErrWrongRegion    = errors.New("wrong region")
	ErrThrottled      = errors.New("AWS asks to go slower")
	ErrUnreachable    = errors.New("AWS cannot be reached")
	ErrUnavailable    = errors.New("AWS has an internal problem")
	ErrNotFound       = errors.New("not found")
	ErrAlreadyExists  = errors.New("exists already")
	ErrLimit          = errors.New("a limit of the account is reached")
	ErrBusy           = errors.New("another change is under way")
	ErrRefused        = errors.New("AWS refused the request")
	ErrFailed         = errors.New("the service gave up")
)

// errNoProvider stands for a configuration without any source of credentials.
var errNoProvider = errors.New("no credential providers")

// Problem is an error for a person: what was tried, what kind it is, what the service said, what to do now.
type Problem struct {
	Kind   error  `json:"-"`
	Doing  string // what was tried: "read domain logs"
	Said   string // the service's own words, without anything secret
	Advice string // what to do now; the same as Hint()
	Code   string // the service's error code
	Action string // the right that is missing, for ErrAccessDenied
	On     string // the resource it is missing on
	Region string // where it was tried
}

// Error says what was tried and what came of it.
func (p *Problem) Error() string {
	text := p.Doing + ": " + p.Kind.Error()
	if p.Said != "" {
		text += ": " + p.Said
	}
	return text
}

// Hint says what to do now.
func (p *Problem) Hint() string { return p.Advice }

// Unwrap gives the kind, so that errors.Is(err, ErrAccessDenied) holds.
func (p *Problem) Unwrap() error { return p.Kind }

// Statement is the policy statement that would grant a denied action, or "" for other kinds.
func (p *Problem) Statement() string {
	if p.Action == "" {
		return ""
	}
	on := p.On
	if on == "" {
		on = "*"
	}
	return fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":%q}`, p.Action, on)
}

type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return "get credentials: " + e.err.Error() }
func (e *credentialsError) Unwrap() error { return e.err }

// Amazon's sentence for a missing right: User: ARN is not authorized to perform: ACTION on resource: ARN because ...
var deniedShape = regexp.MustCompile(`not authorized to perform: ?([a-z0-9-]+:[A-Za-z0-9*]+)(?: on resource: ?"?([^\s"]+)"?)?( with an explicit deny)?`)

// explain turns any error of the SDK into a *Problem. The context's own errors stay as they are.
func explain(doing, profile string, err error) error {
	var known *Problem
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) && !isNetwork(err) {
		return fmt.Errorf("%s: %w", doing, contextError(err))
	}
	problem := &Problem{Doing: doing}
	var api smithy.APIError
	if errors.As(err, &api) {
		problem.Code, problem.Said = api.ErrorCode(), clean(api.ErrorMessage())
	}
	var response *smithyhttp.ResponseError
	status := 0
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
		if response.Response != nil {
			if region := response.Response.Header.Get("X-Amz-Bucket-Region"); region != "" {
				problem.On = region
			}
		}
	}
	problem.Kind = kindOf(err, problem.Code, problem.Said, status)
	switch problem.Kind {
	case ErrAccessDenied:
		problem.On = ""
		problem.Action = deniedAction(err)
		if match := deniedShape.FindStringSubmatch(problem.Said); match != nil {
			problem.Action, problem.On = match[1], match[2]
		}
	case ErrUnknownProfile, ErrNoCredentials, ErrUnreachable, ErrRefused:
		if problem.Said == "" {
			problem.Said = clean(innermost(err).Error())
		}
	}
	if problem.Said == "" && status >= 300 {
		problem.Said = fmt.Sprintf("HTTP %d", status)
	}
	problem.Advice = advice(problem, profile, err)
	if problem.Kind != ErrWrongRegion && problem.Kind != ErrAccessDenied {
		problem.On = ""
	}
	return problem
}

func contextError(err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	return context.DeadlineExceeded
}

// kindOf decides in the order from the most to the least certain sign.
func kindOf(err error, code, said string, status int) error {
	var noProfile config.SharedConfigProfileNotExistError
	if errors.As(err, &noProfile) {
		return ErrUnknownProfile
	}
	if code != "" {
		if kind := kindOfText(code, said); kind != nil {
			return kind
		}
	}
	var quota *retry.MaxAttemptsError
	text := err.Error()
	var getting *credentialsError
	if errors.As(err, &getting) || strings.Contains(text, "get credentials") || strings.Contains(text, "failed to refresh cached credentials") || errors.Is(err, errNoProvider) {
		if containsAny(text, "expired", "InvalidGrantException", "refresh cached SSO token failed", "cached SSO token") {
			return ErrExpiredToken
		}
		return ErrNoCredentials
	}
	if isNetwork(err) {
		return ErrUnreachable
	}
	if kind := kindOfStatus(status); kind != nil {
		return kind
	}
	if errors.As(err, &quota) {
		return ErrUnavailable
	}
	return ErrRefused
}

func isNetwork(err error) bool {
	var dns *net.DNSError
	var operation *net.OpError
	var timeout net.Error
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &dns) || errors.As(err, &operation) || errors.As(err, &timeout) && timeout.Timeout() ||
		errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid)
}

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// maxSaid bounds how much of the service's words is repeated.
const maxSaid = 400

// clean keeps one line and cuts where a signature's refusal begins to repeat the request, token included.
func clean(text string) string {
	for _, end := range []string{"\n", "\r", "The Canonical String", "The String-to-Sign"} {
		if at := strings.Index(text, end); at >= 0 {
			text = text[:at]
		}
	}
	text = strings.TrimRight(strings.TrimSpace(text), ".")
	if len(text) > maxSaid {
		text = strings.ToValidUTF8(text[:maxSaid], "") + "..."
	}
	return text
}

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func isKind(err error, kinds ...error) bool {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
