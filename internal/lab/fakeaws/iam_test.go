package fakeaws_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	es "github.com/aws/aws-sdk-go-v2/service/elasticsearchservice"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

const (
	trustES = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"es.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	roleARN = "arn:aws:iam::123456789012:role/es-index-backups"
)

func TestARoleIsMadeReadChangedAndDeleted(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{})
	ctx, c := t.Context(), b.iam()
	name := aws.String("es-index-backups")
	in := &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(trustES), Description: aws.String("a <b> & c"), Tags: []iamtypes.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}
	must(t)(c.CreateRole(ctx, in))
	_, err := c.CreateRole(ctx, in)
	wantCode(t, err, "EntityAlreadyExists", "Role with name es-index-backups already exists.")
	must(t)(c.TagRole(ctx, &iam.TagRoleInput{RoleName: name, Tags: []iamtypes.Tag{{Key: aws.String("k2"), Value: aws.String("v2")}}}))
	got, err := c.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	if err != nil {
		t.Fatal(err)
	}
	trust, err := url.QueryUnescape(*got.Role.AssumeRolePolicyDocument)
	if err != nil || trust != trustES || *got.Role.Arn != roleARN || *got.Role.Description != "a <b> & c" || len(got.Role.Tags) != 2 {
		t.Errorf("the role is %+v with trust %s", got.Role, trust)
	}
	policy := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}`)
	must(t)(c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("p"), PolicyDocument: policy}))
	read, err := c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("p")})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := url.QueryUnescape(*read.PolicyDocument); err != nil || text != *policy {
		t.Errorf("the policy is %s, %v", text, err)
	}
	_, err = c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("q")})
	wantCode(t, err, "NoSuchEntity", "The role policy with name q cannot be found.")
	changed := aws.String(strings.Replace(trustES, `"Action"`, `"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}},"Action"`, 1))
	must(t)(c.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: changed}))
	_, err = c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	wantCode(t, err, "DeleteConflict", "must delete policies first")
	must(t)(c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("p")}))
	must(t)(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}))
	_, err = c.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	wantCode(t, err, "NoSuchEntity", "The role with name es-index-backups cannot be found.")
}

func TestPoliciesThatIAMRefusesAreRefused(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{})
	ctx, c := t.Context(), b.iam()
	must(t)(c.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("u")}))
	for document, part := range map[string]string{
		`{`: "Syntax errors in policy",
		`{"Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}`:               "Syntax errors in policy",
		`{"Statement":[{"Effect":"Allow","Action":"*"}]}`:                              "must contain resources",
		`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"bucket"}]}`:          `Resource bucket must be in ARN format or "*".`,
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`: "should not specify a principal",
		`{"Statement":[{"Effect":"Allow","Action":{"a":1},"Resource":"*"}]}`:           "Syntax errors in policy",
	} {
		_, err := c.PutUserPolicy(ctx, &iam.PutUserPolicyInput{UserName: aws.String("u"), PolicyName: aws.String("p"), PolicyDocument: aws.String(document)})
		wantCode(t, err, "MalformedPolicyDocument", part)
	}
	for document, part := range map[string]string{
		`{`: "invalid Json",
		`{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}`:                                                            "Missing required field Principal",
		`{"Statement":[{"Effect":"Allow","Principal":"*","Resource":"*","Action":"sts:AssumeRole"}]}`:                             "Has prohibited field Resource",
		`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/ghost"},"Action":"sts:AssumeRole"}]}`: "Invalid principal in policy",
	} {
		_, err := c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(document)})
		wantCode(t, err, "MalformedPolicyDocument", part)
	}
	_, err := c.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("no spaces")})
	wantCode(t, err, "ValidationError", "userName is invalid")
}

func TestAccessKeysAreMadeListedLimitedAndDeleted(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{Propagation: time.Minute})
	ctx, c := t.Context(), b.iam()
	user := aws.String("es-index-backup-user")
	must(t)(c.CreateUser(ctx, &iam.CreateUserInput{UserName: user}))
	key, err := c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user})
	if err != nil {
		t.Fatal(err)
	}
	must(t)(c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user}))
	_, err = c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user})
	wantCode(t, err, "LimitExceeded", "AccessKeysPerUser: 2")
	own := b.as(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	_, err = own.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "InvalidClientTokenId", "")
	b.clock.move(time.Minute)
	who, err := own.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:iam::123456789012:user/es-index-backup-user" || *who.Account != "123456789012" {
		t.Errorf("%+v, %v", who, err)
	}
	keys, err := c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: user})
	if err != nil || len(keys.AccessKeyMetadata) != 2 {
		t.Errorf("%+v, %v", keys, err)
	}
	_, err = c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: user})
	wantCode(t, err, "DeleteConflict", "must delete access keys first")
	for _, k := range keys.AccessKeyMetadata {
		must(t)(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: k.AccessKeyId}))
	}
	must(t)(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: user}))
	_, err = own.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	wantCode(t, err, "InvalidClientTokenId", "")
	_, err = c.GetUser(ctx, &iam.GetUserInput{UserName: user})
	wantCode(t, err, "NoSuchEntity", "The user with name es-index-backup-user cannot be found.")
}

func TestSimulationSaysWhatAUserMayDo(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{})
	b.newUser(t, "u", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:PassRole","Resource":"`+roleARN+`","Condition":{"StringEquals":{"iam:PassedToService":"es.amazonaws.com"}}},
		{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}]}`)
	ask := func(action, resource, service string) iamtypes.PolicyEvaluationDecisionType {
		t.Helper()
		in := &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:iam::123456789012:user/u"), ActionNames: []string{action}, ResourceArns: []string{resource}}
		if service != "" {
			in.ContextEntries = []iamtypes.ContextEntry{{ContextKeyName: aws.String("iam:PassedToService"), ContextKeyType: "string", ContextKeyValues: []string{service}}}
		}
		out, err := b.iam().SimulatePrincipalPolicy(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return out.EvaluationResults[0].EvalDecision
	}
	for _, c := range []struct {
		action, resource, service string
		want                      iamtypes.PolicyEvaluationDecisionType
	}{
		{"iam:PassRole", roleARN, "es.amazonaws.com", "allowed"},
		{"iam:passrole", roleARN, "es.amazonaws.com", "allowed"},
		{"iam:PassRole", roleARN, "ec2.amazonaws.com", "implicitDeny"},
		{"iam:PassRole", roleARN, "", "implicitDeny"},
		{"iam:PassRole", roleARN + "2", "es.amazonaws.com", "implicitDeny"},
		{"s3:PutObject", "arn:aws:s3:::b/k", "", "allowed"},
		{"s3:DeleteObject", "arn:aws:s3:::b/k", "", "explicitDeny"},
	} {
		if got := ask(c.action, c.resource, c.service); got != c.want {
			t.Errorf("%s on %s for %s is %s, want %s", c.action, c.resource, c.service, got, c.want)
		}
	}
	_, err := b.iam().SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:iam::123456789012:user/none"), ActionNames: []string{"a:b"}})
	wantCode(t, err, "NoSuchEntity", "user/none")
}

func TestARoleIsAssumedByThoseItTrustsUntilItExpires(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{})
	ctx := t.Context()
	u := b.newUser(t, "u", `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`)
	other := b.newUser(t, "other", "")
	trust := `{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}`
	must(t)(b.iam().CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("lister"), AssumeRolePolicyDocument: &trust}))
	must(t)(b.iam().PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("lister"), PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Statement":{"Effect":"Allow","Action":"es:List*","Resource":"*"}}`)}))
	in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/lister"), RoleSessionName: aws.String("s1"), DurationSeconds: aws.Int32(240)}
	_, err := other.sts().AssumeRole(ctx, in)
	wantCode(t, err, "AccessDenied", "User: arn:aws:iam::123456789012:user/other is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/lister")
	out, err := u.sts().AssumeRole(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	k := out.Credentials
	session := b.as(*k.AccessKeyId, *k.SecretAccessKey, *k.SessionToken)
	must(t)(session.es().ListDomainNames(ctx, &es.ListDomainNamesInput{}))
	_, err = session.es().DeleteElasticsearchDomain(ctx, &es.DeleteElasticsearchDomainInput{DomainName: aws.String("logs")})
	wantCode(t, err, "AccessDeniedException", "User: arn:aws:sts::123456789012:assumed-role/lister/s1 is not authorized")
	_, err = b.as(*k.AccessKeyId, *k.SecretAccessKey, "other-token").es().ListDomainNames(ctx, &es.ListDomainNamesInput{})
	wantCode(t, err, "UnrecognizedClientException", "")
	b.clock.move(241 * time.Second)
	_, err = session.es().ListDomainNames(ctx, &es.ListDomainNamesInput{})
	wantCode(t, err, "ExpiredTokenException", "expired")
}
