package aws

// problemtable.go answers: which error code of which service means what, which right does an operation need, and what
// does the person do about each kind?

import (
	"crypto/x509"
	"errors"
	"net"
	"strings"

	"github.com/aws/smithy-go"
)

// kindByCode names the codes of all five services; the same thing has up to four names.
var kindByCode = map[string]error{
	"AccessDenied": ErrAccessDenied, "AccessDeniedException": ErrAccessDenied, "UnauthorizedOperation": ErrAccessDenied,
	"AuthorizationError": ErrAccessDenied, "Forbidden": ErrAccessDenied, "UnauthorizedException": ErrAccessDenied,

	"ExpiredToken": ErrExpiredToken, "ExpiredTokenException": ErrExpiredToken, "TokenRefreshRequired": ErrExpiredToken,

	"RequestTimeTooSkewed": ErrClockSkew, "RequestExpired": ErrClockSkew, "RequestInTheFuture": ErrClockSkew,

	"InvalidClientTokenId": ErrBadCredentials, "UnrecognizedClientException": ErrBadCredentials, "InvalidAccessKeyId": ErrBadCredentials,
	"SignatureDoesNotMatch": ErrBadCredentials, "InvalidSignatureException": ErrBadCredentials, "IncompleteSignature": ErrBadCredentials,
	"InvalidToken": ErrBadCredentials, "MissingAuthenticationToken": ErrBadCredentials, "MissingAuthenticationTokenException": ErrBadCredentials,
	"IncompleteSignatureException": ErrBadCredentials,

	"Throttling": ErrThrottled, "ThrottlingException": ErrThrottled, "ThrottledException": ErrThrottled, "TooManyRequestsException": ErrThrottled,
	"RequestLimitExceeded": ErrThrottled, "SlowDown": ErrThrottled, "RequestThrottled": ErrThrottled, "RequestThrottledException": ErrThrottled,

	"LimitExceededException": ErrLimit, "LimitExceeded": ErrLimit, "TooManyBuckets": ErrLimit,

	"ResourceNotFoundException": ErrNotFound, "NoSuchEntity": ErrNotFound, "NoSuchEntityException": ErrNotFound, "NoSuchBucket": ErrNotFound,
	"NotFound": ErrNotFound, "NoSuchKey": ErrNotFound,

	"ResourceAlreadyExistsException": ErrAlreadyExists, "EntityAlreadyExists": ErrAlreadyExists, "EntityAlreadyExistsException": ErrAlreadyExists,
	"BucketAlreadyExists": ErrAlreadyExists, "BucketAlreadyOwnedByYou": ErrAlreadyExists,

	"ConflictException": ErrBusy, "OperationAborted": ErrBusy, "ConcurrentModification": ErrBusy, "ConcurrentModificationException": ErrBusy,
	"DeleteConflict": ErrBusy, "DeleteConflictException": ErrBusy,

	"PermanentRedirect": ErrWrongRegion, "AuthorizationHeaderMalformed": ErrWrongRegion, "MovedPermanently": ErrWrongRegion,
	"IllegalLocationConstraintException": ErrWrongRegion, "BadRequest": nil,

	"InternalException": ErrUnavailable, "InternalError": ErrUnavailable, "InternalFailure": ErrUnavailable, "ServiceFailure": ErrUnavailable,
	"ServiceFailureException": ErrUnavailable, "ServiceUnavailable": ErrUnavailable, "ServiceUnavailableException": ErrUnavailable,

	"ValidationException": ErrRefused, "ValidationError": ErrRefused, "InvalidTypeException": ErrRefused, "MalformedPolicyDocument": ErrRefused,
	"MalformedPolicyDocumentException": ErrRefused, "BaseException": ErrRefused, "DisabledOperationException": ErrRefused,
	"InvalidBucketName": ErrRefused, "InvalidInput": ErrRefused, "InvalidInputException": ErrRefused, "InvalidParameterValue": ErrRefused,
	"SlrNotAvailable": ErrRefused, "DependencyFailureException": ErrRefused,
}

// kindOfText decides by code and, where one code serves two meanings, by the sentence. code may be empty.
func kindOfText(code, said string) error {
	lower := strings.ToLower(said)
	switch {
	case containsAny(lower, "signature expired", "signature not yet current", "requesttimetooskewed", "difference between the request time"):
		return ErrClockSkew
	case containsAny(lower, "token included in the request is expired", "provided token has expired", "expiredtoken"):
		return ErrExpiredToken
	case strings.HasPrefix(code, "Invalid") && containsAny(lower, "should be scoped to a valid region", "scoped to correct region"):
		return ErrWrongRegion
	case code == "SignatureDoesNotMatch" && containsAny(lower, "should be scoped to a valid region"):
		return ErrWrongRegion
	case containsAny(lower, "rate exceeded"):
		return ErrThrottled
	}
	return kindByCode[code]
}

func kindOfStatus(status int) error {
	switch {
	case status == 301 || status == 307:
		return ErrWrongRegion
	case status == 401 || status == 403:
		return ErrAccessDenied
	case status == 404:
		return ErrNotFound
	case status == 409:
		return ErrBusy
	case status == 429:
		return ErrThrottled
	case status >= 500:
		return ErrUnavailable
	}
	return nil
}

// actionPrefix is how IAM names the services of the SDK.
var actionPrefix = map[string]string{"OpenSearch": "es", "Elasticsearch Service": "es", "IAM": "iam", "STS": "sts", "S3": "s3"}

// actionOf names the operations whose right has another name; all others are called like the operation.
var actionOf = map[string]string{
	"s3:HeadBucket": "s3:ListBucket", "s3:ListObjectsV2": "s3:ListBucket", "s3:HeadObject": "s3:GetObject",
	"s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock", "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
	"s3:PutBucketEncryption": "s3:PutEncryptionConfiguration", "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
	"s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
}

func deniedAction(err error) string {
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return ""
	}
	prefix, known := actionPrefix[operation.Service()]
	if !known {
		return ""
	}
	action := prefix + ":" + operation.Operation()
	if other, renamed := actionOf[action]; renamed {
		return other
	}
	return action
}

// advice is the table of hints.
func advice(p *Problem, profile string, err error) string {
	named := ""
	if profile != "" {
		named = " --profile " + profile
	}
	switch p.Kind {
	case ErrNoCredentials:
		return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --profile, or run `aws sso login" + named + "`, or run on a machine with an instance role"
	case ErrUnknownProfile:
		return "`aws configure list-profiles` shows the profiles there are; they stand in ~/.aws/config and ~/.aws/credentials"
	case ErrBadCredentials:
		return "the access key is unknown or its secret does not fit: check them with `aws sts get-caller-identity" + named + "`; temporary keys also need AWS_SESSION_TOKEN"
	case ErrExpiredToken:
		return "get a new session (`aws sso login" + named + "`, or assume the role again) and run the same command: it goes on where it stopped"
	case ErrClockSkew:
		return "signatures last five minutes: set this machine's clock (`timedatectl set-ntp true`, or start chronyd) and try again"
	case ErrAccessDenied:
		if p.Action == "" {
			return "the caller lacks a right for this; ask the account's administrator"
		}
		hint := "add to the caller's policy: " + p.Statement()
		if containsAny(p.Said, "explicit deny") {
			hint = "a policy denies " + p.Action + " explicitly (also look at service control policies and permission boundaries): adding an allow will not help"
		}
		return hint
	case ErrWrongRegion:
		if p.On != "" {
			return "it lies in " + p.On + ": give --region " + p.On
		}
		return "give the region in which it lies with --region"
	case ErrThrottled:
		return "too many requests in this account just now; wait a minute and run the same command again"
	case ErrUnreachable:
		return unreachable(err)
	case ErrUnavailable:
		return "not our doing: wait and run the same command again; https://health.aws.amazon.com shows outages"
	case ErrNotFound:
		return "check the name and the region"
	case ErrAlreadyExists:
		return "choose another name, or use the existing one"
	case ErrLimit:
		return "ask for a higher quota in the Service Quotas console, or delete what is not needed"
	case ErrBusy:
		return "wait until it is done and run the same command again"
	}
	return "the service's words say which setting it refuses; change that one in migration.yaml"
}

func unreachable(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "no address for " + dns.Name + ": check the region's spelling, the DNS server, and AWS_ENDPOINT_URL"
	}
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	if errors.As(err, &authority) || errors.As(err, &hostname) {
		return "the certificate is not trusted: behind a proxy that opens TLS, set AWS_CA_BUNDLE to its certificate"
	}
	return "check the network, the proxy (HTTPS_PROXY) and AWS_ENDPOINT_URL; inside a VPC the service may need an interface endpoint"
}
