package fakeaws_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

// iamStory makes, reads and deletes a role and a user, and returns what a caller sees of it. moto deletes a user who still has
// access keys, which IAM refuses; that step is only in our own tests.
func iamStory(t *testing.T, cfg aws.Config) []string {
	t.Helper()
	ctx, c := t.Context(), iam.NewFromConfig(cfg)
	var seen []string
	see := func(parts ...string) { seen = append(seen, strings.Join(parts, " ")) }
	code := func(err error) string {
		if err == nil {
			return "ok"
		}
		var api interface{ ErrorCode() string }
		if !errors.As(err, &api) {
			t.Fatal(err)
		}
		return api.ErrorCode()
	}
	role, user, policy := aws.String("es-index-backups"), aws.String("es-index-backup-user"), aws.String("p")
	rights := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::es-snap"}]}`)

	made, err := c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: aws.String(trustES), Description: aws.String("d")})
	must(t)(nil, err)
	see("role", *made.Role.Arn, *made.Role.Path)
	_, err = c.CreateRole(ctx, &iam.CreateRoleInput{RoleName: role, AssumeRolePolicyDocument: aws.String(trustES)})
	see("again", code(err))
	must(t)(c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: policy, PolicyDocument: rights}))
	got, err := c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: policy})
	must(t)(nil, err)
	document, err := url.QueryUnescape(*got.PolicyDocument)
	must(t)(nil, err)
	see("policy", document)
	_, err = c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: role})
	see("delete with policy", code(err))
	_, err = c.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("nope")})
	see("no role", code(err))
	_, err = c.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: role, PolicyName: aws.String("nope")})
	see("no policy", code(err))
	_, err = c.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: role, PolicyName: policy, PolicyDocument: aws.String("{")})
	see("bad policy", code(err))

	owner, err := c.CreateUser(ctx, &iam.CreateUserInput{UserName: user})
	must(t)(nil, err)
	see("user", *owner.User.Arn)
	_, err = c.CreateUser(ctx, &iam.CreateUserInput{UserName: user})
	see("again", code(err))
	key, err := c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user})
	must(t)(nil, err)
	_, err = c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user})
	must(t)(nil, err)
	_, err = c.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: user})
	see("third key", code(err))
	keys, err := c.ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: user})
	must(t)(nil, err)
	see("keys", string(keys.AccessKeyMetadata[0].Status), string(rune('0'+len(keys.AccessKeyMetadata))))
	_, err = c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: aws.String("AKIANOBODYNOBODY0000")})
	see("no key", code(err))

	cfg.Credentials = credentials.NewStaticCredentialsProvider(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	must(t)(nil, err)
	see("who", *who.Arn, *who.Account)

	for _, k := range keys.AccessKeyMetadata {
		must(t)(c.DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: user, AccessKeyId: k.AccessKeyId}))
	}
	must(t)(c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: user}))
	must(t)(c.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: policy}))
	must(t)(c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: role}))
	_, err = c.GetUser(ctx, &iam.GetUserInput{UserName: user})
	see("gone", code(err))
	return seen
}

func TestOurIAMAndMotosTellTheSameStory(t *testing.T) {
	if testing.Short() {
		t.Skip("installs and starts moto")
	}
	m, err := fakeaws.StartMoto(t.Context(), fakeaws.MotoOptions{Progress: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Stop()
	b := start(t, fakeaws.Options{})
	ours := iamStory(t, b.cfg)
	theirs := b.cfg.Copy()
	theirs.BaseEndpoint = aws.String(m.URL())
	for i, line := range iamStory(t, theirs) {
		if ours[i] != line {
			t.Errorf("ours says %q, moto %q", ours[i], line)
		}
	}
}

func TestWithoutPythonTheErrorSaysWhatToInstall(t *testing.T) {
	t.Setenv("HIKKOSHI_CACHE", t.TempDir())
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	if _, err := fakeaws.StartMoto(t.Context(), fakeaws.MotoOptions{}); err == nil || !strings.Contains(err.Error(), "install Python 3.10 or newer") {
		t.Errorf("got %v", err)
	}
	broken := "#!/bin/sh\necho 'The virtual environment was not created successfully because ensurepip is not available.'\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, "python3"), []byte(broken), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := fakeaws.StartMoto(t.Context(), fakeaws.MotoOptions{}); err == nil || !strings.Contains(err.Error(), "apt install python3-venv") {
		t.Errorf("got %v", err)
	}
}
