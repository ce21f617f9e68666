package aws

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
)

func TestEveryKnownCodeHasAKindAndAHint(t *testing.T) {
	t.Parallel()
	for code, kind := range kindByCode {
		err := explain("try", "", &smithy.OperationError{ServiceID: "S3", OperationName: "HeadBucket", Err: &smithy.GenericAPIError{Code: code, Message: "in the service's words"}})
		var problem *Problem
		if !errors.As(err, &problem) || problem.Hint() == "" || kind != nil && !errors.Is(err, kind) {
			t.Errorf("%s: %v", code, err)
		}
	}
}

func TestWhatTheServicesSayIsUnderstood(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		service, operation, code, said string
		kind                           error
		hint                           string
	}{
		{"OpenSearch", "DescribeDomain", "AccessDeniedException", "User: arn:aws:iam::1:user/x is not authorized to perform: es:DescribeDomain on resource: arn:aws:es:us-east-1:1:domain/logs because no identity-based policy allows the es:DescribeDomain action",
			ErrAccessDenied, `{"Effect":"Allow","Action":"es:DescribeDomain","Resource":"arn:aws:es:us-east-1:1:domain/logs"}`},
		{"IAM", "CreateRole", "AccessDenied", "User: arn:aws:sts::1:assumed-role/dev/me is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::1:role/es-index-backups with an explicit deny in a service control policy",
			ErrAccessDenied, "explicitly"},
		{"S3", "HeadBucket", "Forbidden", "Forbidden", ErrAccessDenied, `"s3:ListBucket"`},
		{"S3", "PutPublicAccessBlock", "AccessDenied", "Access Denied", ErrAccessDenied, `"s3:PutBucketPublicAccessBlock"`},
		{"S3", "CreateBucket", "IllegalLocationConstraintException", "The unspecified location constraint is incompatible", ErrWrongRegion, "--region"},
		{"Elasticsearch Service", "DescribeElasticsearchDomain", "InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z", ErrClockSkew, "clock"},
		{"S3", "ListObjectsV2", "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", ErrClockSkew, "clock"},
		{"S3", "HeadBucket", "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not 'eu-west-9'", ErrWrongRegion, "--region"},
		{"STS", "GetCallerIdentity", "Throttling", "Rate exceeded", ErrThrottled, "wait"},
		{"IAM", "CreateAccessKey", "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", ErrLimit, "quota"},
		{"OpenSearch", "CreateDomain", "SomethingNew", "whatever", ErrRefused, "migration.yaml"},
	} {
		err := explain("try", "", &smithy.OperationError{ServiceID: test.service, OperationName: test.operation, Err: &smithy.GenericAPIError{Code: test.code, Message: test.said}})
		var problem *Problem
		if !errors.As(err, &problem) || !errors.Is(err, test.kind) || !strings.Contains(problem.Hint(), test.hint) {
			t.Errorf("%s %s: %v, hint %q", test.operation, test.code, err, problem.Hint())
		}
	}
	dns := fmt.Errorf("send: %w", &net.DNSError{Err: "no such host", Name: "es.eu-central.amazonaws.com"})
	var problem *Problem
	if err := explain("try", "", dns); !errors.As(err, &problem) || !errors.Is(err, ErrUnreachable) || !strings.Contains(problem.Hint(), "es.eu-central.amazonaws.com") {
		t.Errorf("%v, hint %q", err, problem.Hint())
	}
}

func TestPoliciesAreReadAsIAMReadsThem(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::1:role/es-index-backups"
	for document, want := range map[string]bool{
		`{"Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"` + role + `"}}`:                                                                        true,
		`{"Statement":[{"Effect":"Allow","Action":["s3:*","IAM:Pass*"],"Resource":["*"]}]}`:                                                                         true,
		`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:iam::1:role/es-index-?ackups"}]}`:                                                         true,
		`{"Statement":[{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}]}`:                                                                                      true,
		`{"Statement":[{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}]}`:                                                                                     false,
		`{"Statement":[{"Effect":"Allow","Action":"iam:PassRole","NotResource":"` + role + `"}]}`:                                                                   false,
		`{"Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"es.amazonaws.com"}}}]}`:         true,
		`{"Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":["lambda.amazonaws.com"]}}}]}`:   false,
		`{"Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":true}}}]}`:                        false,
		`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:PassRole","Resource":"*","Condition":{"Null":{"x":"true"}}}]}`: false,
		`%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22iam%3APassRole%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D`:                         true,
		`{"Statement":[]}`: false,
		`{}`:               false,
	} {
		parsed, err := parsePolicy(document)
		if err != nil {
			t.Errorf("%s: %v", document, err)
			continue
		}
		if got := allows([]policyDocument{parsed}, "iam:PassRole", role); got != want {
			t.Errorf("%s allows: %v", document, got)
		}
	}
	for _, document := range []string{"", "{", `{"Statement":"x"}`, `{"Statement":[{"Principal":5}]}`, "%7", strings.Repeat(" ", maxPolicy+1)} {
		if _, err := parsePolicy(document); err == nil {
			t.Errorf("%.20q is read", document)
		}
	}
}

func FuzzPoliciesNeverPanic(f *testing.F) {
	f.Add(`{"Statement":[{"Effect":"Allow","Principal":{"Service":["es.amazonaws.com"]},"Action":"sts:*","Condition":{"ArnLike":{"aws:SourceArn":1}}}]}`)
	f.Add("%7B%7D")
	f.Fuzz(func(t *testing.T, text string) {
		document, err := parsePolicy(text)
		if err != nil {
			return
		}
		document.trusts(serviceName)
		document.openToAll()
		allows([]policyDocument{document}, "iam:PassRole", "*")
	})
}
