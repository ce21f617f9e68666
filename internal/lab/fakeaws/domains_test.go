package fakeaws_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	es "github.com/aws/aws-sdk-go-v2/service/elasticsearchservice"
	estypes "github.com/aws/aws-sdk-go-v2/service/elasticsearchservice/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	ostypes "github.com/aws/aws-sdk-go-v2/service/opensearch/types"

	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

// noNode stands for a node in tests that send it nothing.
func noNode(context.Context, fakeaws.DomainSpec) (string, error) { return "http://127.0.0.1:1", nil }

// newLogs is a domain as the classic move has it.
func newLogs() *es.CreateElasticsearchDomainInput {
	return &es.CreateElasticsearchDomainInput{
		DomainName: aws.String("logs"), ElasticsearchVersion: aws.String("5.5"),
		ElasticsearchClusterConfig: &estypes.ElasticsearchClusterConfig{InstanceType: "m3.medium.elasticsearch", InstanceCount: aws.Int32(2), ZoneAwarenessEnabled: aws.Bool(true)},
		EBSOptions:                 &estypes.EBSOptions{EBSEnabled: aws.Bool(true), VolumeType: "gp2", VolumeSize: aws.Int32(20)},
		AccessPolicies:             aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"es:*","Resource":"*"}]}`),
		SnapshotOptions:            &estypes.SnapshotOptions{AutomatedSnapshotStartHour: aws.Int32(3)},
		TagList:                    []estypes.Tag{{Key: aws.String("team"), Value: aws.String("web")}},
	}
}

func TestADomainGoesThroughItsPhases(t *testing.T) {
	t.Parallel()
	var spec fakeaws.DomainSpec
	node, deleted := make(chan struct{}), make(chan string, 1)
	b := start(t, fakeaws.Options{
		Phases: fakeaws.Phases{Creating: time.Minute, Processing: time.Minute, Updating: time.Minute, Deleting: time.Minute},
		OnCreate: func(_ context.Context, s fakeaws.DomainSpec) (string, error) {
			spec = s
			<-node
			return "http://127.0.0.1:1", nil
		},
		OnDelete: func(_ context.Context, name string) error { deleted <- name; return nil },
	})
	ctx, c := t.Context(), b.es()
	made, err := c.CreateElasticsearchDomain(ctx, newLogs())
	if err != nil {
		t.Fatal(err)
	}
	if s := made.DomainStatus; aws.ToBool(s.Created) || !aws.ToBool(s.Processing) || s.Endpoint != nil || s.DomainProcessingStatus != estypes.DomainProcessingStatusTypeCreating {
		t.Errorf("a new domain is %+v", s)
	}
	describe := func() *estypes.ElasticsearchDomainStatus {
		t.Helper()
		out, err := c.DescribeElasticsearchDomain(ctx, &es.DescribeElasticsearchDomainInput{DomainName: aws.String("logs")})
		if err != nil {
			t.Fatal(err)
		}
		return out.DomainStatus
	}
	b.clock.move(61 * time.Second)
	if s := describe(); !aws.ToBool(s.Created) || !aws.ToBool(s.Processing) || s.Endpoint != nil {
		t.Errorf("after its first phase a domain is %+v", s)
	}
	b.clock.move(time.Minute)
	if s := describe(); s.Endpoint != nil {
		t.Error("a domain has an endpoint while its node is being started")
	}
	close(node)
	for describe().Endpoint == nil {
		time.Sleep(time.Millisecond)
	}
	if spec.Name != "logs" || spec.Version != "5.5" || spec.Engine != "Elasticsearch" || spec.InstanceCount != 2 || spec.InstanceType != "m3.medium.search" || spec.Tags["team"] != "web" {
		t.Errorf("the lab was told %+v", spec)
	}
	s := describe()
	if aws.ToBool(s.Processing) || *s.Endpoint != b.Endpoint("logs") || s.ElasticsearchClusterConfig.InstanceType != "m3.medium.elasticsearch" || *s.SnapshotOptions.AutomatedSnapshotStartHour != 3 {
		t.Errorf("a ready domain is %+v", s)
	}

	// The same domain through the newer API.
	newer, err := b.opensearch().DescribeDomain(ctx, &opensearch.DescribeDomainInput{DomainName: aws.String("logs")})
	if err != nil {
		t.Fatal(err)
	}
	if d := newer.DomainStatus; *d.EngineVersion != "Elasticsearch_5.5" || d.ClusterConfig.InstanceType != "m3.medium.search" || *d.ARN != *s.ARN {
		t.Errorf("the newer API shows %+v", d)
	}

	// A change, asked first, then made.
	change := &es.UpdateElasticsearchDomainConfigInput{DomainName: aws.String("logs"), ElasticsearchClusterConfig: &estypes.ElasticsearchClusterConfig{InstanceCount: aws.Int32(4)}, DryRun: aws.Bool(true)}
	dry, err := c.UpdateElasticsearchDomainConfig(ctx, change)
	if err != nil {
		t.Fatal(err)
	}
	if *dry.DryRunResults.DeploymentType != "Blue/Green" || aws.ToBool(describe().Processing) {
		t.Errorf("the dry run says %+v", dry.DryRunResults)
	}
	change.DryRun = nil
	must(t)(c.UpdateElasticsearchDomainConfig(ctx, change))
	if s := describe(); !aws.ToBool(s.Processing) || s.Endpoint == nil || *s.ElasticsearchClusterConfig.InstanceCount != 4 || s.ElasticsearchClusterConfig.InstanceType != "m3.medium.elasticsearch" {
		t.Errorf("a changing domain is %+v", s)
	}
	_, err = c.UpdateElasticsearchDomainConfig(ctx, change)
	wantCode(t, err, "ValidationException", "A change/update is in progress")
	progress, err := c.DescribeDomainChangeProgress(ctx, &es.DescribeDomainChangeProgressInput{DomainName: aws.String("logs")})
	if err != nil {
		t.Fatal(err)
	}
	if p := progress.ChangeProgressStatus; p.Status != "PROCESSING" || !slices.Equal(p.PendingProperties, []string{"ClusterConfig"}) || p.TotalNumberOfStages == 0 {
		t.Errorf("progress is %+v", p)
	}
	cfg, err := c.DescribeElasticsearchDomainConfig(ctx, &es.DescribeElasticsearchDomainConfigInput{DomainName: aws.String("logs")})
	if err != nil {
		t.Fatal(err)
	}
	if o := cfg.DomainConfig; o.ElasticsearchClusterConfig.Status.State != "Processing" || o.ElasticsearchClusterConfig.Status.UpdateVersion != 2 || o.EBSOptions.Status.State != "Active" || *o.ElasticsearchVersion.Options != "5.5" {
		t.Errorf("the configuration is %+v", o)
	}
	b.clock.move(time.Minute)
	if aws.ToBool(describe().Processing) {
		t.Error("the change never ends")
	}

	// Deletion.
	gone, err := c.DeleteElasticsearchDomain(ctx, &es.DeleteElasticsearchDomainInput{DomainName: aws.String("logs")})
	if err != nil {
		t.Fatal(err)
	}
	if !aws.ToBool(gone.DomainStatus.Deleted) {
		t.Error("a domain under deletion does not say so")
	}
	if name := <-deleted; name != "logs" {
		t.Errorf("the lab was told to remove %s", name)
	}
	if !aws.ToBool(describe().Deleted) {
		t.Error("the domain vanished before its time")
	}
	_, err = c.CreateElasticsearchDomain(ctx, newLogs())
	wantCode(t, err, "ResourceAlreadyExistsException", "")
	// By the third minute this machine's clock and the service's differ by more than a signature allows.
	b.clock.move(50 * time.Second)
	for i := 0; ; i++ {
		_, err = c.DescribeElasticsearchDomain(ctx, &es.DescribeElasticsearchDomainInput{DomainName: aws.String("logs")})
		if err != nil {
			break
		}
		b.clock.move(time.Second)
		time.Sleep(time.Millisecond)
	}
	wantCode(t, err, "ResourceNotFoundException", "Domain not found: logs")
}

func TestADomainWhoseNodeFailsStaysInProcessing(t *testing.T) {
	t.Parallel()
	failed := make(chan struct{})
	b := start(t, fakeaws.Options{OnCreate: func(context.Context, fakeaws.DomainSpec) (string, error) {
		defer close(failed)
		return "", errors.New("no memory")
	}})
	must(t)(b.es().CreateElasticsearchDomain(t.Context(), newLogs()))
	<-failed
	for b.Failure("logs") == nil {
		time.Sleep(time.Millisecond)
	}
	out, err := b.es().DescribeElasticsearchDomain(t.Context(), &es.DescribeElasticsearchDomainInput{DomainName: aws.String("logs")})
	if err != nil || !aws.ToBool(out.DomainStatus.Processing) || b.Endpoint("logs") != "" || b.Failure("logs").Error() != "no memory" {
		t.Errorf("%+v, %v, %v", out, err, b.Failure("logs"))
	}
	must(t)(b.es().DeleteElasticsearchDomain(t.Context(), &es.DeleteElasticsearchDomainInput{DomainName: aws.String("logs")}))
}

func TestConfigurationsAreRefusedAsTheServiceRefusesThem(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{OnCreate: noNode, MaxDomains: 1})
	type input = es.CreateElasticsearchDomainInput
	for name, c := range map[string]struct {
		change     func(*input)
		code, part string
	}{
		"unknown version":   {func(i *input) { i.ElasticsearchVersion = aws.String("99.9") }, "ValidationException", "99.9"},
		"name too short":    {func(i *input) { i.DomainName = aws.String("ab") }, "ValidationException", "length greater than or equal to 3"},
		"name too long":     {func(i *input) { i.DomainName = aws.String(strings.Repeat("a", 29)) }, "ValidationException", "length less than or equal to 28"},
		"name in capitals":  {func(i *input) { i.DomainName = aws.String("Logs") }, "ValidationException", "regular expression pattern"},
		"type too new":      {func(i *input) { i.ElasticsearchClusterConfig.InstanceType = "t3.small.elasticsearch" }, "ValidationException", "t3.small"},
		"type of other API": {func(i *input) { i.ElasticsearchClusterConfig.InstanceType = "m5.large" }, "ValidationException", "enum value set"},
		"odd zones":         {func(i *input) { i.ElasticsearchClusterConfig.InstanceCount = aws.Int32(3) }, "ValidationException", "even number of data nodes"},
		"volume too large":  {func(i *input) { i.EBSOptions.VolumeSize = aws.Int32(200) }, "ValidationException", "Volume size must be between 10 and 100 for m3.medium.elasticsearch"},
		"no disk at all": {func(i *input) {
			i.ElasticsearchClusterConfig.InstanceType, i.EBSOptions = "m5.large.elasticsearch", nil
		}, "ValidationException", "EBS storage must be selected"},
		"encryption on 2.3": {func(i *input) {
			i.ElasticsearchVersion = aws.String("2.3")
			i.EncryptionAtRestOptions = &estypes.EncryptionAtRestOptions{Enabled: aws.Bool(true)}
		}, "ValidationException", "Encryption at rest"},
		"node encryption 5.5": {func(i *input) {
			i.NodeToNodeEncryptionOptions = &estypes.NodeToNodeEncryptionOptions{Enabled: aws.Bool(true)}
		}, "ValidationException", "Node-to-node"},
		"logs on 2.3": {func(i *input) {
			i.ElasticsearchVersion = aws.String("2.3")
			i.LogPublishingOptions = map[string]estypes.LogPublishingOption{"ES_APPLICATION_LOGS": {Enabled: aws.Bool(true)}}
		}, "InvalidTypeException", "Application Logs option cannot be specified for Elasticsearch version : 2.3"},
		"VPC without role": {func(i *input) { i.VPCOptions = &estypes.VPCOptions{SubnetIds: []string{"subnet-1", "subnet-2"}} }, "ValidationException", "service-linked role"},
		"unknown option":   {func(i *input) { i.AdvancedOptions = map[string]string{"nope": "1"} }, "ValidationException", "Unrecognized advanced option"},
		"policy of a ghost": {func(i *input) {
			i.AccessPolicies = aws.String(strings.Replace(*i.AccessPolicies, ":root", ":user/ghost", 1))
		}, "InvalidTypeException", "Error setting policy"},
		"policy is no JSON":   {func(i *input) { i.AccessPolicies = aws.String("{") }, "InvalidTypeException", "Error setting policy"},
		"reserved tag":        {func(i *input) { i.TagList[0].Key = aws.String("aws:x") }, "ValidationException", "aws:"},
		"masters without sum": {func(i *input) { i.ElasticsearchClusterConfig.DedicatedMasterEnabled = aws.Bool(true) }, "ValidationException", "dedicated master"},
	} {
		t.Run(name, func(t *testing.T) {
			in := newLogs()
			c.change(in)
			_, err := b.es().CreateElasticsearchDomain(t.Context(), in)
			wantCode(t, err, c.code, c.part)
		})
	}
	must(t)(b.es().CreateElasticsearchDomain(t.Context(), newLogs()))
	_, err := b.es().CreateElasticsearchDomain(t.Context(), newLogs())
	wantCode(t, err, "ResourceAlreadyExistsException", "Domain already exists")
	second := newLogs()
	second.DomainName = aws.String("second")
	_, err = b.es().CreateElasticsearchDomain(t.Context(), second)
	wantCode(t, err, "LimitExceededException", "limit of 1")
	_, err = b.opensearch().DescribeDomain(t.Context(), &opensearch.DescribeDomainInput{DomainName: aws.String("nope")})
	wantCode(t, err, "ResourceNotFoundException", "Domain not found: nope")
}

func TestOnceTheServiceLinkedRoleIsThereADomainMayLiveInAVPC(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{OnCreate: noNode})
	must(t)(b.iam().CreateServiceLinkedRole(t.Context(), &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("es.amazonaws.com")}))
	in := newLogs()
	in.VPCOptions = &estypes.VPCOptions{SubnetIds: []string{"subnet-1"}}
	_, err := b.es().CreateElasticsearchDomain(t.Context(), in)
	wantCode(t, err, "ValidationException", "You must specify exactly two subnets.")
	in.VPCOptions.SubnetIds = append(in.VPCOptions.SubnetIds, "subnet-2")
	must(t)(b.es().CreateElasticsearchDomain(t.Context(), in))
	for {
		out, err := b.es().DescribeElasticsearchDomain(t.Context(), &es.DescribeElasticsearchDomainInput{DomainName: aws.String("logs")})
		if err != nil {
			t.Fatal(err)
		}
		if out.DomainStatus.Endpoints["vpc"] != "" {
			if out.DomainStatus.Endpoint != nil || out.DomainStatus.VPCOptions.VPCId == nil {
				t.Errorf("a domain in a VPC shows %+v", out.DomainStatus)
			}
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestRightsAreAskedForEveryOperation(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{OnCreate: noNode})
	ctx := t.Context()
	reader := b.newUser(t, "reader", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["es:Describe*","es:List*"],"Resource":"*"},
		{"Effect":"Deny","Action":"es:*","Resource":"arn:aws:es:us-east-1:123456789012:domain/secret*"}]}`)
	_, err := reader.es().CreateElasticsearchDomain(ctx, newLogs())
	wantCode(t, err, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: es:CreateElasticsearchDomain on resource: arn:aws:es:us-east-1:123456789012:domain/logs because no identity-based policy allows")
	must(t)(b.es().CreateElasticsearchDomain(ctx, newLogs()))
	must(t)(reader.es().DescribeElasticsearchDomain(ctx, &es.DescribeElasticsearchDomainInput{DomainName: aws.String("logs")}))
	_, err = reader.es().DescribeElasticsearchDomain(ctx, &es.DescribeElasticsearchDomainInput{DomainName: aws.String("secret-logs")})
	wantCode(t, err, "AccessDeniedException", "with an explicit deny")
	_, err = reader.iam().CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trustES)})
	wantCode(t, err, "AccessDenied", "is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::123456789012:role/r")
}

func TestBothAPIsListVersionsTypesAndPaths(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{OnCreate: noNode})
	ctx := t.Context()
	old, err := b.es().ListElasticsearchVersions(ctx, &es.ListElasticsearchVersionsInput{})
	if err != nil || !slices.Contains(old.ElasticsearchVersions, "2.3") || slices.Contains(old.ElasticsearchVersions, "OpenSearch_1.3") {
		t.Errorf("%v, %v", old, err)
	}
	newer, err := b.opensearch().ListVersions(ctx, &opensearch.ListVersionsInput{})
	if err != nil || !slices.Contains(newer.Versions, "Elasticsearch_5.5") || !slices.Contains(newer.Versions, "OpenSearch_1.3") {
		t.Errorf("%v, %v", newer, err)
	}
	all, err := b.opensearch().GetCompatibleVersions(ctx, &opensearch.GetCompatibleVersionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string][]string{}
	for _, m := range all.CompatibleVersions {
		paths[*m.SourceVersion] = m.TargetVersions
	}
	if paths["Elasticsearch_2.3"] != nil || !slices.Contains(paths["Elasticsearch_5.6"], "Elasticsearch_6.8") || slices.Contains(paths["Elasticsearch_5.5"], "Elasticsearch_6.8") ||
		!slices.Contains(paths["Elasticsearch_7.10"], "OpenSearch_1.3") || !slices.Contains(paths["OpenSearch_1.3"], "OpenSearch_2.19") {
		t.Errorf("paths are %v", paths)
	}
	types, err := b.es().ListElasticsearchInstanceTypes(ctx, &es.ListElasticsearchInstanceTypesInput{ElasticsearchVersion: aws.String("2.3")})
	if err != nil || !slices.Contains(types.ElasticsearchInstanceTypes, "m3.medium.elasticsearch") || slices.Contains(types.ElasticsearchInstanceTypes, "m5.large.elasticsearch") {
		t.Errorf("%v, %v", types, err)
	}
	details, err := b.opensearch().ListInstanceTypeDetails(ctx, &opensearch.ListInstanceTypeDetailsInput{EngineVersion: aws.String("OpenSearch_2.19")})
	if err != nil || slices.ContainsFunc(details.InstanceTypeDetails, func(d ostypes.InstanceTypeDetails) bool { return d.InstanceType == "m3.medium.search" }) {
		t.Errorf("%v, %v", details, err)
	}
	limits, err := b.es().DescribeElasticsearchInstanceTypeLimits(ctx, &es.DescribeElasticsearchInstanceTypeLimitsInput{ElasticsearchVersion: aws.String("5.5"), InstanceType: "m5.large.elasticsearch"})
	if err != nil || limits.LimitsByRole["data"].StorageTypes[0].StorageTypeLimits[1].LimitValues[0] != "512" {
		t.Errorf("%+v, %v", limits, err)
	}
	_, err = b.opensearch().DescribeInstanceTypeLimits(ctx, &opensearch.DescribeInstanceTypeLimitsInput{EngineVersion: aws.String("Elasticsearch_2.3"), InstanceType: "m5.large.search"})
	wantCode(t, err, "ValidationException", "m5.large.search")
}

func TestNewerAPIMakesChangesListsAndDeletes(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{OnCreate: noNode})
	ctx, c := t.Context(), b.opensearch()
	made, err := c.CreateDomain(ctx, &opensearch.CreateDomainInput{
		DomainName: aws.String("fresh"), EngineVersion: aws.String("OpenSearch_2.19"),
		ClusterConfig: &ostypes.ClusterConfig{InstanceType: "r6g.large.search", InstanceCount: aws.Int32(1)},
		EBSOptions:    &ostypes.EBSOptions{EBSEnabled: aws.Bool(true), VolumeSize: aws.Int32(10), VolumeType: "gp3"},
		AdvancedSecurityOptions: &ostypes.AdvancedSecurityOptionsInput{Enabled: aws.Bool(true), InternalUserDatabaseEnabled: aws.Bool(true),
			MasterUserOptions: &ostypes.MasterUserOptions{MasterUserName: aws.String("root"), MasterUserPassword: aws.String("Secret-1")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for b.Endpoint("fresh") == "" {
		time.Sleep(time.Millisecond)
	}
	arn := made.DomainStatus.ARN
	must(t)(c.AddTags(ctx, &opensearch.AddTagsInput{ARN: arn, TagList: []ostypes.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}}))
	must(t)(c.RemoveTags(ctx, &opensearch.RemoveTagsInput{ARN: arn, TagKeys: []string{"a"}}))
	tags, err := c.ListTags(ctx, &opensearch.ListTagsInput{ARN: arn})
	if err != nil || len(tags.TagList) != 1 || *tags.TagList[0].Key != "b" {
		t.Errorf("tags are %+v, %v", tags, err)
	}
	health, err := c.DescribeDomainHealth(ctx, &opensearch.DescribeDomainHealthInput{DomainName: aws.String("fresh")})
	if err != nil || health.ClusterHealth != ostypes.DomainHealthGreen {
		t.Errorf("health is %+v, %v", health, err)
	}
	names, err := c.ListDomainNames(ctx, &opensearch.ListDomainNamesInput{EngineType: ostypes.EngineTypeElasticsearch})
	if err != nil || len(names.DomainNames) != 0 {
		t.Errorf("%+v, %v", names, err)
	}
	infos, err := c.DescribeDomains(ctx, &opensearch.DescribeDomainsInput{DomainNames: []string{"fresh", "nope"}})
	if err != nil || len(infos.DomainStatusList) != 1 || *infos.DomainStatusList[0].EngineVersion != "OpenSearch_2.19" {
		t.Errorf("%+v, %v", infos, err)
	}
	verbose, err := c.UpdateDomainConfig(ctx, &opensearch.UpdateDomainConfigInput{DomainName: aws.String("fresh"), AccessPolicies: aws.String(""), SnapshotOptions: &ostypes.SnapshotOptions{AutomatedSnapshotStartHour: aws.Int32(5)}, DryRun: aws.Bool(true), DryRunMode: ostypes.DryRunModeVerbose})
	if err != nil || *verbose.DryRunResults.DeploymentType != "DynamicUpdate" || *verbose.DryRunProgressStatus.DryRunStatus != "succeeded" {
		t.Errorf("%+v, %v", verbose, err)
	}
	cfg, err := c.DescribeDomainConfig(ctx, &opensearch.DescribeDomainConfigInput{DomainName: aws.String("fresh")})
	if err != nil || *cfg.DomainConfig.SnapshotOptions.Options.AutomatedSnapshotStartHour != 0 || !*cfg.DomainConfig.AdvancedSecurityOptions.Options.Enabled {
		t.Errorf("%+v, %v", cfg, err)
	}
	must(t)(c.DeleteDomain(ctx, &opensearch.DeleteDomainInput{DomainName: aws.String("fresh")}))
}

func TestAnAdoptedDomainIsThereAtOnce(t *testing.T) {
	t.Parallel()
	b := start(t, fakeaws.Options{Phases: fakeaws.Phases{Creating: time.Hour, Processing: time.Hour}})
	spec := fakeaws.DomainSpec{Name: "old-logs", EngineVersion: "Elasticsearch_2.3", InstanceType: "m3.medium.elasticsearch", InstanceCount: 2,
		Settings: map[string]any{"SnapshotOptions": map[string]any{"AutomatedSnapshotStartHour": 3}}, Tags: map[string]string{"team": "web"}}
	if err := b.Adopt(spec, "http://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	out, err := b.es().DescribeElasticsearchDomain(t.Context(), &es.DescribeElasticsearchDomainInput{DomainName: aws.String("old-logs")})
	if err != nil {
		t.Fatal(err)
	}
	if d := out.DomainStatus; *d.Endpoint != b.Endpoint("old-logs") || *d.ElasticsearchVersion != "2.3" || *d.ElasticsearchClusterConfig.InstanceCount != 2 || *d.SnapshotOptions.AutomatedSnapshotStartHour != 3 {
		t.Errorf("it is %+v", d)
	}
	if err := b.Adopt(spec, "http://127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("a second of that name gave %v", err)
	}
}
