package aws_test

// userstand_test.go answers: how does a test get users into the stand-in? Through the SDK itself, as a person would
// through the console, so that our own code is not judged by itself.

import (
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/hikkoshi/hikkoshi/internal/aws"
)

func (s stand) sdkIAM() *iam.Client {
	return iam.NewFromConfig(s.Config(), func(o *iam.Options) { o.BaseEndpoint = awssdk.String(s.URL()) })
}

func (s stand) keyOf(t *testing.T, name, policy string) aws.AccessKey {
	t.Helper()
	client := s.sdkIAM()
	if _, err := client.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		t.Fatal(err)
	}
	if policy != "" {
		if _, err := client.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: awssdk.String("rights"), PolicyDocument: &policy}); err != nil {
			t.Fatal(err)
		}
	}
	answer, err := client.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return aws.AccessKey{User: name, ID: *answer.AccessKey.AccessKeyId, Secret: aws.NewSecret(*answer.AccessKey.SecretAccessKey)}
}
