package aws_test

import (
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

// TestMotoUnderstandsEveryCall holds our calls against a second opinion that is not of this project: moto knows the forms
// of IAM, STS, S3 and both APIs of domains. It is too kind to judge refusals; the stand-in does that.
func TestMotoUnderstandsEveryCall(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts moto, which is installed from PyPI")
	}
	moto, err := fakeaws.StartMoto(t.Context(), fakeaws.MotoOptions{Progress: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(moto.Stop)
	ctx := t.Context()
	for _, region := range []string{"us-east-1", "eu-central-1"} {
		s, err := aws.Open(ctx, aws.Options{Endpoint: moto.URL(), Region: region})
		if err != nil {
			t.Fatal(err)
		}
		b := aws.Backup{Migration: "m-" + region, Domains: []string{"logs", "logs-5-5"}, Signs: aws.SignsUser, Role: "role-" + region, User: "user-" + region}
		report, err := s.EnsureBackup(ctx, b, nil)
		if err != nil || states(report) != "bucket created, role created, role policy created, user created, user policy created" {
			t.Fatalf("%s: %s, %v", region, states(report), err)
		}
		if report, err = s.EnsureBackup(ctx, b, nil); err != nil || states(report) != "bucket present, role present, role policy present, user present, user policy present" {
			t.Errorf("%s again: %s, %v", region, states(report), err)
		}
		auto := b
		auto.Signs = aws.SignsAuto
		if report, err = s.CheckBackup(ctx, auto); err != nil || !report.UseCaller || report.Caller.Verdict == aws.MayNot {
			t.Errorf("%s, moto has no simulator: %+v, %v", region, report.Caller, err)
		}
		if key, err := s.CreateAccessKey(ctx, b.User); err != nil || key.Secret.IsZero() {
			t.Errorf("%s: %v", region, err)
		}
		if region == "us-east-1" {
			continue // its bucket is looked at from the other region below
		}
		away := b
		away.Bucket = "es-index-backups-123456789012-us-east-1"
		_, err = s.CheckBackup(ctx, away)
		refusal(t, err, aws.ErrWrongRegion, region)
		if report, err = s.RemoveBackup(ctx, b, nil); err != nil || states(report) != "user policy removed, user removed, role policy removed, role removed, bucket removed" {
			t.Errorf("%s removed: %s, %v", region, states(report), err)
		}
	}
	s, err := aws.Open(ctx, aws.Options{Endpoint: moto.URL()})
	if err != nil {
		t.Fatal(err)
	}
	old := domainOn(es.Version{Major: 2, Minor: 3}, "m3.medium.elasticsearch", 2, &aws.EBS{Type: "standard", SizeGiB: 80})
	old.Tags = map[string]string{"team": "web"}
	for _, target := range []es.Version{{Major: 5, Minor: 5}, {Product: es.OpenSearch, Major: 2, Minor: 19}} {
		plan, _ := aws.Modelled(old, target, aws.Overrides{Migration: "m1"})
		if _, err := s.CreateDomain(ctx, plan, aws.Secret{}); err != nil {
			t.Fatal(err)
		}
		read, err := s.ReadDomain(ctx, plan.Domain.Name)
		if err != nil || read.Version != target || read.Nodes.Data != plan.Domain.Nodes.Data || *read.EBS != *plan.Domain.EBS || read.Tags["team"] != "web" {
			t.Errorf("%+v, %v", read, err)
		}
		if _, err := s.DeleteDomain(ctx, plan.Domain.Name); err != nil {
			t.Error(err)
		}
		if err := s.WaitDomainGone(ctx, plan.Domain.Name, nil); err != nil {
			t.Error(err)
		}
	}
}
