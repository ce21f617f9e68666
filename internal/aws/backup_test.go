package aws_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

// withS3 is a stand-in in front of a real S3 server.
func withS3(t *testing.T) (stand, string) {
	t.Helper()
	g := realS3(t)
	return startStand(t, fakeaws.Options{S3URL: g.URL(), S3AccessKey: adminKey, S3SecretKey: adminSecret, S3Root: g.Root()}), g.Root()
}

func (s stand) sdkS3() *s3.Client {
	return s3.NewFromConfig(s.Config(), func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = awssdk.String(s.URL()), true })
}

// classic is the backup of the classic move.
func classic() aws.Backup {
	return aws.Backup{Migration: "m1", Bucket: "nginx-snapshots", Prefix: "logs", Domains: []string{"logs", "logs-5-5"}, Signs: aws.SignsUser}
}

// states shows a report as text: "bucket present, role created".
func states(report aws.BackupReport) string {
	var texts []string
	for _, part := range report.Parts {
		texts = append(texts, string(part.Kind)+" "+string(part.State))
	}
	return strings.Join(texts, ", ")
}

// changes are the calls that changed something, by the given caller or anybody.
func (s stand) changes() []string {
	var changing []string
	for _, call := range s.Calls() {
		name := strings.TrimPrefix(call.Action, "s3:")
		if call.Status < 300 && (strings.HasPrefix(name, "Create") || strings.HasPrefix(name, "Put") || strings.HasPrefix(name, "Delete") || strings.HasPrefix(name, "Update") || strings.HasPrefix(name, "Tag")) {
			changing = append(changing, name)
		}
	}
	return changing
}

func TestWhatSnapshotsNeedIsMadeOnceAndTakenAwayAgain(t *testing.T) {
	t.Parallel()
	s, root := withS3(t)
	ctx := t.Context()
	report, err := s.CheckBackup(ctx, classic())
	if err != nil || report.Complete() || states(report) != "bucket missing, role missing, role policy missing, user missing, user policy missing" {
		t.Fatalf("%s, %v", states(report), err)
	}
	if made := s.changes(); len(made) != 0 {
		t.Fatalf("a check changed something: %v", made)
	}
	var journal []string
	report, err = s.EnsureBackup(ctx, classic(), func(part aws.Part) error {
		encoded, err := json.Marshal(part)
		journal = append(journal, string(part.Kind)+" "+string(part.State))
		if strings.Contains(string(encoded), "ecret") {
			t.Errorf("the journal gets %s", encoded)
		}
		return err
	})
	if err != nil || !report.Complete() {
		t.Fatalf("%s, %v", states(report), err)
	}
	want := "bucket creating, bucket created, role creating, role created, role policy creating, role policy created, user creating, user created, user policy creating, user policy created"
	if got := strings.Join(journal, ", "); got != want {
		t.Errorf("journal: %s", got)
	}
	before := len(s.changes())
	if report, err = s.EnsureBackup(ctx, classic(), nil); err != nil || states(report) != "bucket present, role present, role policy present, user present, user policy present" {
		t.Errorf("a second run: %s, %v", states(report), err)
	}
	if after := s.changes(); len(after) != before {
		t.Errorf("a second run changed %v", after[before:])
	}
	compareDocuments(t, s)
	block, err := s.sdkS3().GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: awssdk.String("nginx-snapshots")})
	if err != nil || !awssdk.ToBool(block.PublicAccessBlockConfiguration.RestrictPublicBuckets) || !awssdk.ToBool(block.PublicAccessBlockConfiguration.BlockPublicAcls) {
		t.Errorf("public access: %+v, %v", block, err)
	}
	// A snapshot lies in the bucket: it is not deleted.
	file := filepath.Join(root, "nginx-snapshots", "logs", "index-0")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateAccessKey(ctx, aws.DefaultUser); err != nil {
		t.Fatal(err)
	}
	report, err = s.RemoveBackup(ctx, classic(), nil)
	if err != nil || states(report) != "user policy removed, user removed, role policy removed, role removed, bucket kept" {
		t.Errorf("removed: %s, %v", states(report), err)
	}
	if err := os.RemoveAll(filepath.Dir(file)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"user missing, user policy missing, role missing, role policy missing, bucket removed", "user missing, user policy missing, role missing, role policy missing, bucket missing"} {
		if report, err = s.RemoveBackup(ctx, classic(), nil); err != nil || states(report) != want {
			t.Errorf("removed again: %s, %v", states(report), err)
		}
	}
}

// compareDocuments holds what stands in IAM against golden files: these are the rights that people will review.
func compareDocuments(t *testing.T, s stand) {
	t.Helper()
	ctx, client := t.Context(), s.sdkIAM()
	role, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: awssdk.String(aws.DefaultRole)})
	if err != nil {
		t.Fatal(err)
	}
	rights, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: awssdk.String(aws.DefaultRole), PolicyName: awssdk.String("hikkoshi-m1")})
	if err != nil {
		t.Fatal(err)
	}
	user, err := client.GetUserPolicy(ctx, &iam.GetUserPolicyInput{UserName: awssdk.String(aws.DefaultUser), PolicyName: awssdk.String("hikkoshi-m1")})
	if err != nil {
		t.Fatal(err)
	}
	for name, document := range map[string]*string{"role-trust": role.Role.AssumeRolePolicyDocument, "role-rights": rights.PolicyDocument, "user-rights": user.PolicyDocument} {
		plain, err := url.PathUnescape(awssdk.ToString(document))
		if err != nil {
			t.Fatal(err)
		}
		var value any
		if err := json.Unmarshal([]byte(plain), &value); err != nil {
			t.Fatal(err)
		}
		indented, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "policy", name+".json")
		if *update {
			if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, append(indented, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || string(want) != string(indented)+"\n" {
			t.Errorf("%s is now\n%s\n%v", name, indented, err)
		}
	}
}

func TestARunThatDiesAtAnyPointIsFinishedByTheNext(t *testing.T) {
	t.Parallel()
	s, _ := withS3(t)
	died := errors.New("killed")
	for step := range 10 {
		b := classic()
		b.Migration, b.Bucket, b.Role, b.User = fmt.Sprintf("m%d", step), fmt.Sprintf("bucket-%d", step), fmt.Sprintf("role-%d", step), fmt.Sprintf("user-%d", step)
		told := 0
		_, err := s.EnsureBackup(t.Context(), b, func(aws.Part) error {
			if told++; told > step {
				return died
			}
			return nil
		})
		if !errors.Is(err, died) {
			t.Fatalf("step %d: %v", step, err)
		}
		if report, err := s.EnsureBackup(t.Context(), b, nil); err != nil || !report.Complete() {
			t.Errorf("after dying at record %d: %s, %v", step, states(report), err)
		}
		report, err := s.CheckBackup(t.Context(), b)
		if err != nil || states(report) != "bucket present, role present, role policy present, user present, user policy present" {
			t.Errorf("after dying at record %d: %s, %v", step, states(report), err)
		}
	}
}

func TestTheCallerIsTakenWhereItMayAndAUserIsMadeWhereItMayNot(t *testing.T) {
	t.Parallel()
	s, _ := withS3(t)
	const making = `"iam:Get*","iam:List*","iam:Create*","iam:Put*","iam:Tag*","s3:*","sts:*"`
	b := classic()
	b.Signs = aws.SignsAuto
	report, err := s.CheckBackup(t.Context(), b)
	if err != nil || !report.UseCaller || report.Caller.Verdict != aws.May {
		t.Errorf("the administrator: %+v, %v", report.Caller, err)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[%s],"Resource":"*"}]}`
	weak := s.As(s.keyOf(t, "weak", fmt.Sprintf(policy, making+`,"iam:SimulatePrincipalPolicy"`)))
	report, err = weak.CheckBackup(t.Context(), b)
	if err != nil || report.UseCaller || report.Caller.Verdict != aws.MayNot || !slices.Contains(report.Caller.Missing, "iam:PassRole") {
		t.Errorf("a caller that may not: %+v, %v", report.Caller, err)
	}
	if !strings.Contains(states(report), "user missing") {
		t.Error(states(report))
	}
	b.Signs = aws.SignsCaller
	if report, err = weak.CheckBackup(t.Context(), b); err != nil || report.Complete() {
		t.Errorf("a caller that may not, and is to: %s, %v", states(report), err)
	}
	before := len(s.changes())
	if _, err := weak.EnsureBackup(t.Context(), b, nil); !errors.Is(err, aws.ErrRefused) || len(s.changes()) != before {
		t.Errorf("a caller that may not, and is to: %v, changed %v", err, s.changes()[before:])
	}
	b.Signs = aws.SignsAuto
	blind := s.As(s.keyOf(t, "blind", fmt.Sprintf(policy, making)))
	report, err = blind.CheckBackup(t.Context(), b)
	if err != nil || !report.UseCaller || report.Caller.Verdict != aws.MayBe || !strings.Contains(report.Caller.Why, "SimulatePrincipalPolicy") {
		t.Errorf("a caller that may not ask: %+v, %v", report.Caller, err)
	}
}

func TestWhatOthersMadeIsLeftAlone(t *testing.T) {
	t.Parallel()
	s, _ := withS3(t)
	ctx, client := t.Context(), s.sdkIAM()
	trust := func(service, condition string) *string {
		return awssdk.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"` + condition + `}]}`)
	}
	for name, document := range map[string]*string{
		"wrong-service": trust("ec2.amazonaws.com", ""), "wrong-domain": trust("es.amazonaws.com", `,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:es:us-east-1:123456789012:domain/other"}}`),
		"good": trust("es.amazonaws.com", ""), "lacking": trust("es.amazonaws.com", ""),
	} {
		if _, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: document}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: awssdk.String("good"), PolicyName: awssdk.String("theirs"),
		PolicyDocument: awssdk.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.sdkS3().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: awssdk.String("theirs")}); err != nil {
		t.Fatal(err)
	}
	b := classic()
	b.Bucket = "theirs"
	for _, role := range []string{"wrong-service", "wrong-domain"} {
		b.Role = role
		before := len(s.changes())
		_, err := s.EnsureBackup(ctx, b, nil)
		if hint, _ := isHint(err); !errors.Is(err, aws.ErrRefused) || !strings.Contains(hint, "es.amazonaws.com") || len(s.changes()) != before {
			t.Errorf("%s: %v, changed %v", role, err, s.changes()[before:])
		}
	}
	b.Role, b.Signs = "good", aws.SignsCaller
	before := len(s.changes())
	report, err := s.EnsureBackup(ctx, b, nil)
	if err != nil || !report.Complete() || states(report) != "bucket differs, role present, role policy present, caller present" || len(s.changes()) != before {
		t.Errorf("good: %s, %v, changed %v", states(report), err, s.changes()[before:])
	}
	if remarks := fmt.Sprint(report.Parts[0].Remarks); !strings.Contains(remarks, "public access") {
		t.Errorf("the open bucket has the remarks %s", remarks)
	}
	if report, err = s.RemoveBackup(ctx, b, nil); err != nil || !strings.Contains(states(report), "role kept, bucket kept") {
		t.Errorf("removing what others made: %s, %v", states(report), err)
	}
	b.Role = "lacking"
	if report, err = s.EnsureBackup(ctx, b, nil); err != nil || states(report) != "bucket differs, role present, role policy created, caller present" {
		t.Errorf("lacking: %s, %v", states(report), err)
	}
	if report, err = s.RemoveBackup(ctx, b, nil); err != nil || !strings.Contains(states(report), "role policy removed, role kept") {
		t.Errorf("removing our part of theirs: %s, %v", states(report), err)
	}
}

func TestABucketThatCannotServeIsRefusedBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	s, _ := withS3(t)
	if _, err := s.sdkS3().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: awssdk.String("nginx-snapshots")}); err != nil {
		t.Fatal(err)
	}
	_, err := s.sdkS3().PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: awssdk.String("nginx-snapshots"),
		LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: []s3types.LifecycleRule{{ID: awssdk.String("archive"), Status: s3types.ExpirationStatusEnabled, Filter: &s3types.LifecycleRuleFilter{Prefix: awssdk.String("")},
			Transitions: []s3types.Transition{{Days: awssdk.Int32(30), StorageClass: s3types.TransitionStorageClassGlacier}}, Expiration: &s3types.LifecycleExpiration{Days: awssdk.Int32(90)}}}}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.CheckBackup(t.Context(), classic())
	if err != nil || report.Parts[0].State != aws.Differs {
		t.Fatalf("%s, %v", states(report), err)
	}
	if remarks := fmt.Sprint(report.Parts[0].Remarks); !strings.Contains(remarks, "GLACIER") || !strings.Contains(remarks, "deletes files") {
		t.Errorf("remarks %s", remarks)
	}
	s.SetBucketRegion("nginx-snapshots", "eu-west-3")
	before := len(s.changes())
	_, err = s.EnsureBackup(t.Context(), classic(), nil)
	refusal(t, err, aws.ErrWrongRegion, "us-east-1")
	if !strings.Contains(err.Error(), "eu-west-3") || len(s.changes()) != before {
		t.Errorf("%v, changed %v", err, s.changes()[before:])
	}
	for _, b := range []aws.Backup{{Bucket: "Upper_Case", Domains: []string{"d"}}, {Bucket: "a..b", Domains: []string{"d"}}, {Prefix: "logs*", Domains: []string{"d"}}, {Role: "a b", Domains: []string{"d"}}, {User: "ü", Domains: []string{"d"}}, {}} {
		_, err := s.CheckBackup(t.Context(), b)
		refusal(t, err, aws.ErrRefused, "")
	}
	weak := s.userWith(t, "weak", "s3:*", "sts:*", "iam:Get*", "iam:Simulate*")
	b := classic()
	b.Bucket = "other-bucket"
	_, err = weak.EnsureBackup(t.Context(), b, nil)
	refusal(t, err, aws.ErrAccessDenied, `"Action":"iam:CreateRole"`)
}

func TestAccessKeysAreMadeOnRequestAndNeverShown(t *testing.T) {
	t.Parallel()
	s := startStand(t, fakeaws.Options{})
	ctx := t.Context()
	s.keyOf(t, "robot", "")
	key, err := s.CreateAccessKey(ctx, "robot")
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(key)
	if err != nil || strings.Contains(string(encoded)+shown(key), key.Secret.Reveal()) || key.Secret.IsZero() {
		t.Errorf("%s, %v", encoded, err)
	}
	who, err := s.As(key).Identity(ctx)
	if err != nil || !strings.HasSuffix(who.ARN, ":user/robot") {
		t.Errorf("%+v, %v", who, err)
	}
	_, err = s.CreateAccessKey(ctx, "robot")
	refusal(t, err, aws.ErrLimit, "at most two")
	for range 2 {
		if err := s.DeleteAccessKey(ctx, "robot", key.ID); err != nil {
			t.Error(err)
		}
	}
	_, err = s.CreateAccessKey(ctx, "nobody")
	refusal(t, err, aws.ErrNotFound, "name")
}
