package aws_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

// refusal checks an error's kind, that it has a hint with the words, and that no secret is in it.
func refusal(t *testing.T, err, kind error, words string) {
	t.Helper()
	var problem *aws.Problem
	if !errors.Is(err, kind) || !errors.As(err, &problem) {
		t.Errorf("got %v, want %v", err, kind)
		return
	}
	if !strings.Contains(problem.Hint(), words) {
		t.Errorf("%v has the hint %q, want %q in it", err, problem.Hint(), words)
	}
	if strings.Contains(shown(err)+problem.Hint(), "must-never-show") {
		t.Errorf("a secret shows in %v", err)
	}
}

func TestCredentialsThatCannotWorkAreSaidInClearWords(t *testing.T) {
	s := startStand(t, fakeaws.Options{})
	ctx := t.Context()
	who, err := s.Identity(ctx)
	if err != nil || who.Account != fakeaws.DefaultAccount || who.Partition != "aws" || !strings.HasSuffix(who.ARN, ":user/admin") {
		t.Fatalf("%+v, %v", who, err)
	}
	t.Run("unknown profile", func(t *testing.T) {
		_, err := aws.Open(ctx, aws.Options{Profile: "nobody"})
		refusal(t, err, aws.ErrUnknownProfile, "list-profiles")
		if !strings.Contains(err.Error(), "nobody") {
			t.Error(err)
		}
	})
	t.Run("a profile wins over the environment and brings its region", func(t *testing.T) {
		t.Setenv("AWS_REGION", "")
		other, err := aws.Open(ctx, aws.Options{Profile: "other", Endpoint: s.URL()})
		if err != nil || other.Region() != "eu-central-1" {
			t.Fatalf("%v", err)
		}
		_, err = other.Identity(ctx)
		refusal(t, err, aws.ErrWrongRegion, "--region")
		_, err = other.In(testRegion).Identity(ctx)
		refusal(t, err, aws.ErrBadCredentials, "--profile other")
	})
	t.Run("no region", func(t *testing.T) {
		t.Setenv("AWS_REGION", "")
		_, err := aws.Open(ctx, aws.Options{})
		refusal(t, err, aws.ErrWrongRegion, "--region")
	})
	t.Run("a region that is none", func(t *testing.T) {
		for _, region := range []string{"eu-central", "frankfurt", "eu_central_1", "eu-central-1 "} {
			_, err := aws.Open(ctx, aws.Options{Region: region})
			refusal(t, err, aws.ErrWrongRegion, "eu-central-1")
		}
	})
	t.Run("no credentials", func(t *testing.T) {
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		bare, err := aws.Open(ctx, aws.Options{Endpoint: s.URL()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = bare.Identity(ctx)
		refusal(t, err, aws.ErrNoCredentials, "aws sso login")
	})
	t.Run("single sign-on without a login", func(t *testing.T) {
		t.Setenv("HOME", t.TempDir())
		t.Setenv("USERPROFILE", os.Getenv("HOME"))
		sso, err := aws.Open(ctx, aws.Options{Profile: "sso", Endpoint: s.URL()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = sso.Identity(ctx)
		refusal(t, err, aws.ErrExpiredToken, "aws sso login --profile sso")
	})
	t.Run("wrong secret", func(t *testing.T) {
		_, err := s.As(aws.AccessKey{ID: adminKey, Secret: aws.NewSecret("wrong-secret-that-must-never-show")}).Identity(ctx)
		refusal(t, err, aws.ErrBadCredentials, "does not fit")
	})
	t.Run("unknown key", func(t *testing.T) {
		_, err := s.As(aws.AccessKey{ID: "AKIDNOBODY", Secret: aws.NewSecret("secret-that-must-never-show")}).Identity(ctx)
		refusal(t, err, aws.ErrBadCredentials, "does not fit")
	})
	t.Run("expired session", func(t *testing.T) {
		s.Inject(fakeaws.Fault{Action: "DescribeDomain", Status: 403, Code: "ExpiredTokenException", Message: "The security token included in the request is expired"})
		_, err := s.ReadDomain(ctx, "logs")
		refusal(t, err, aws.ErrExpiredToken, "run the same command")
	})
	t.Run("a refusal that repeats the request is cut", func(t *testing.T) {
		s.Inject(fakeaws.Fault{Action: "DescribeDomain", Status: 403, Code: "InvalidSignatureException",
			Message: "The request signature we calculated does not match.\n\nThe Canonical String for this request should have been\nx-amz-security-token:token-that-must-never-show"})
		_, err := s.ReadDomain(ctx, "logs")
		refusal(t, err, aws.ErrBadCredentials, "access key")
	})
	t.Run("clock skew", func(t *testing.T) {
		s.clock.move(time.Hour)
		defer s.clock.move(-time.Hour)
		_, err := s.ReadDomain(ctx, "logs")
		refusal(t, err, aws.ErrClockSkew, "clock")
	})
	t.Run("nobody listens", func(t *testing.T) {
		away, err := aws.Open(ctx, aws.Options{Endpoint: "http://127.0.0.1:1"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = away.Identity(ctx)
		refusal(t, err, aws.ErrUnreachable, "AWS_ENDPOINT_URL")
	})
	t.Run("an endpoint that is none", func(t *testing.T) {
		_, err := aws.Open(ctx, aws.Options{Endpoints: map[string]string{"s3": "localhost:9000"}})
		refusal(t, err, aws.ErrUnreachable, "https://")
	})
	t.Run("the person's own interruption stays one", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := s.ReadDomain(ended, "logs"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestThrottlingIsWaitedOut(t *testing.T) {
	t.Parallel()
	s := startStand(t, fakeaws.Options{})
	if err := s.Adopt(oldLogs(), "http://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	s.Inject(fakeaws.Fault{Action: "DescribeDomain", Status: 400, Code: "ThrottlingException", Message: "Rate exceeded", Times: 2})
	if _, err := s.ReadDomain(t.Context(), "logs"); err != nil {
		t.Error(err)
	}
}
