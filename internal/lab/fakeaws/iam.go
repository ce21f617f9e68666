// This file answers: which IAM operations are there and what does each do? The wire form is in query.go.

package fakeaws

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	iamNamespace = "https://iam.amazonaws.com/doc/2010-05-08/"
	// defaultSession is a role's longest session unless CreateRole says otherwise.
	defaultSession = 3600
)

// entityName is what IAM lets a name be.
var entityName = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)

// iamOperation is one row of the table of operations.
type iamOperation struct {
	kind string // user or role: whose ARN the rights are asked for
	do   func(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError)
}

// iamOperations returns the table of operations.
func iamOperations() map[string]iamOperation {
	return map[string]iamOperation{
		"CreateRole": {"role", iamCreate}, "GetRole": {"role", iamGet}, "DeleteRole": {"role", iamDelete}, "ListRoles": {"role", iamList},
		"UpdateAssumeRolePolicy": {"role", iamUpdateTrust},
		"PutRolePolicy":          {"role", iamPutPolicy}, "GetRolePolicy": {"role", iamGetPolicy}, "DeleteRolePolicy": {"role", iamDeletePolicy}, "ListRolePolicies": {"role", iamListPolicies},
		"ListAttachedRolePolicies": {"role", iamNoneAttached}, "ListInstanceProfilesForRole": {"role", iamNoProfiles},
		"TagRole": {"role", iamTag}, "UntagRole": {"role", iamUntag}, "ListRoleTags": {"role", iamListTags},
		"CreateServiceLinkedRole": {"role", iamServiceLinkedRole},
		"CreateUser":              {"user", iamCreate}, "GetUser": {"user", iamGet}, "DeleteUser": {"user", iamDelete}, "ListUsers": {"user", iamList},
		"PutUserPolicy": {"user", iamPutPolicy}, "GetUserPolicy": {"user", iamGetPolicy}, "DeleteUserPolicy": {"user", iamDeletePolicy}, "ListUserPolicies": {"user", iamListPolicies},
		"ListAttachedUserPolicies": {"user", iamNoneAttached}, "ListGroupsForUser": {"user", iamNoGroups},
		"TagUser": {"user", iamTag}, "UntagUser": {"user", iamUntag}, "ListUserTags": {"user", iamListTags},
		"CreateAccessKey": {"user", iamCreateKey}, "ListAccessKeys": {"user", iamListKeys}, "DeleteAccessKey": {"user", iamDeleteKey},
		"SimulatePrincipalPolicy": {"", iamSimulate},
	}
}

// find returns the entity an operation names. GetUser and the access-key operations mean the caller when they name none.
func (s *Server) find(kind string, in url.Values, who identity) (*entity, *apiError) {
	name, all := in.Get("RoleName"), s.people.roles
	if kind == "user" {
		name, all = in.Get("UserName"), s.people.users
		if name == "" && who.entity != nil && who.entity.kind == "user" {
			return who.entity, nil
		}
	}
	if e, ok := all[name]; ok {
		return e, nil
	}
	return nil, &apiError{http.StatusNotFound, "NoSuchEntity", fmt.Sprintf("The %s with name %s cannot be found.", kind, name)}
}

func iamCreate(s *Server, kind string, in url.Values, _ identity) ([]xmlNode, *apiError) {
	name, all := in.Get("RoleName"), s.people.roles
	if kind == "user" {
		name, all = in.Get("UserName"), s.people.users
	}
	if !entityName.MatchString(name) {
		return nil, &apiError{http.StatusBadRequest, "ValidationError", fmt.Sprintf("The specified value for %sName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-", kind)}
	}
	if _, there := all[name]; there {
		return nil, &apiError{http.StatusConflict, "EntityAlreadyExists", fmt.Sprintf("%s with name %s already exists.", strings.ToUpper(kind[:1])+kind[1:], name)}
	}
	path := in.Get("Path")
	if path == "" {
		path = "/"
	}
	now := s.o.Now()
	e := s.people.newEntity(kind, name, path, now, now.Add(s.o.Propagation))
	e.text = in.Get("Description")
	e.tags = queryTags(in)
	if kind == "role" {
		if refusal := s.checkTrust(in.Get("AssumeRolePolicyDocument")); refusal != nil {
			return nil, refusal
		}
		e.trust = in.Get("AssumeRolePolicyDocument")
		e.seconds = defaultSession
		if n, err := strconv.Atoi(in.Get("MaxSessionDuration")); err == nil {
			e.seconds = n
		}
	}
	all[name] = e
	return []xmlNode{entityXML(e)}, nil
}

// checkTrust refuses a trust policy that IAM refuses, one that names someone who isn't there included.
func (s *Server) checkTrust(document string) *apiError {
	trust, err := trustPolicy(document)
	if err != nil {
		return &apiError{http.StatusBadRequest, "MalformedPolicyDocument", err.Error()}
	}
	for _, st := range trust.Statement {
		for _, principal := range st.Principal {
			if arn, ok := strings.CutPrefix(principal, "AWS:"); ok && strings.HasPrefix(arn, "arn:") && !s.people.exists(arn, s.o.Now()) {
				return &apiError{http.StatusBadRequest, "MalformedPolicyDocument", fmt.Sprintf(`Invalid principal in policy: "AWS":"%s"`, arn)}
			}
		}
	}
	return nil
}

func iamUpdateTrust(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	if refusal := s.checkTrust(in.Get("PolicyDocument")); refusal != nil {
		return nil, refusal
	}
	e.trust = in.Get("PolicyDocument")
	return nil, nil
}

func iamGet(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	return []xmlNode{entityXML(e)}, nil
}

func iamList(s *Server, kind string, in url.Values, _ identity) ([]xmlNode, *apiError) {
	all, list := s.people.roles, "Roles"
	if kind == "user" {
		all, list = s.people.users, "Users"
	}
	var members []xmlNode
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(all[name].path, in.Get("PathPrefix")) {
			members = append(members, elem("member", entityXML(all[name]).kids...))
		}
	}
	return []xmlNode{elem(list, members...), text("IsTruncated", "false")}, nil
}

func iamDelete(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	conflict := func(what string) *apiError {
		return &apiError{http.StatusConflict, "DeleteConflict", "Cannot delete entity, must " + what + " first."}
	}
	if len(e.policies) > 0 {
		return nil, conflict("delete policies")
	}
	if kind == "role" {
		delete(s.people.roles, e.name)
		return nil, nil
	}
	for _, k := range s.people.keys {
		if k.user == e.name {
			return nil, conflict("delete access keys")
		}
	}
	delete(s.people.users, e.name)
	return nil, nil
}

func iamPutPolicy(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	if _, err := identityPolicy(in.Get("PolicyDocument")); err != nil {
		return nil, &apiError{http.StatusBadRequest, "MalformedPolicyDocument", err.Error()}
	}
	e.policies[in.Get("PolicyName")] = in.Get("PolicyDocument")
	return nil, nil
}

func iamGetPolicy(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	document, ok := e.policies[in.Get("PolicyName")]
	if !ok {
		return nil, noPolicy(kind, in)
	}
	title := strings.ToUpper(kind[:1]) + kind[1:]
	return []xmlNode{text(title+"Name", e.name), text("PolicyName", in.Get("PolicyName")), text("PolicyDocument", pathEscape(document))}, nil
}

func iamDeletePolicy(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	if _, ok := e.policies[in.Get("PolicyName")]; !ok {
		return nil, noPolicy(kind, in)
	}
	delete(e.policies, in.Get("PolicyName"))
	return nil, nil
}

func noPolicy(kind string, in url.Values) *apiError {
	return &apiError{http.StatusNotFound, "NoSuchEntity", fmt.Sprintf("The %s policy with name %s cannot be found.", kind, in.Get("PolicyName"))}
}

func iamListPolicies(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	var members []xmlNode
	for _, name := range slices.Sorted(maps.Keys(e.policies)) {
		members = append(members, text("member", name))
	}
	return []xmlNode{elem("PolicyNames", members...), text("IsTruncated", "false")}, nil
}

// The next three lists are empty: managed policies, instance profiles and groups are not made here.
func iamNoneAttached(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	return s.emptyList("AttachedPolicies", kind, in, who)
}

func iamNoProfiles(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	return s.emptyList("InstanceProfiles", kind, in, who)
}

func iamNoGroups(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	return s.emptyList("Groups", kind, in, who)
}

func (s *Server) emptyList(name, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	if _, refusal := s.find(kind, in, who); refusal != nil {
		return nil, refusal
	}
	return []xmlNode{elem(name), text("IsTruncated", "false")}, nil
}

func iamTag(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	maps.Copy(e.tags, queryTags(in))
	return nil, nil
}

func iamUntag(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	for _, key := range queryList(in, "TagKeys") {
		delete(e.tags, key)
	}
	return nil, nil
}

func iamListTags(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	return []xmlNode{tagsXML(e.tags), text("IsTruncated", "false")}, nil
}

// iamServiceLinkedRole makes the role without which the service refuses a domain in a VPC.
func iamServiceLinkedRole(s *Server, _ string, in url.Values, _ identity) ([]xmlNode, *apiError) {
	service := in.Get("AWSServiceName")
	name, ok := map[string]string{
		"es.amazonaws.com": "AWSServiceRoleForAmazonElasticsearchService", "opensearchservice.amazonaws.com": "AWSServiceRoleForAmazonOpenSearchService",
	}[service]
	if !ok {
		return nil, &apiError{http.StatusBadRequest, "InvalidInput", "The stand-in knows no service-linked role for " + service + "."}
	}
	if _, there := s.people.roles[name]; there {
		return nil, &apiError{http.StatusBadRequest, "InvalidInput", fmt.Sprintf("Service role name %s has been taken in this account, please try a different suffix.", name)}
	}
	now := s.o.Now()
	e := s.people.newEntity("role", name, "/aws-service-role/"+service+"/", now, now)
	e.trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`
	e.seconds = defaultSession
	s.people.roles[name] = e
	return []xmlNode{entityXML(e)}, nil
}

func iamCreateKey(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	if len(s.keysOf(e.name)) >= accessKeyLimit {
		return nil, &apiError{http.StatusConflict, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"}
	}
	now := s.o.Now()
	s.people.serial++
	k := &accessKey{id: fmt.Sprintf("AKIAHIKKOSHI%08d", s.people.serial), secret: newSecret(), user: e.name, created: now, visible: now.Add(s.o.Propagation)}
	s.people.keys[k.id] = k
	return []xmlNode{elem("AccessKey", text("UserName", e.name), text("AccessKeyId", k.id), text("Status", "Active"),
		text("SecretAccessKey", k.secret), text("CreateDate", iso(now)))}, nil
}

// keysOf returns a user's keys, oldest first.
func (s *Server) keysOf(user string) []*accessKey {
	var out []*accessKey
	for _, id := range slices.Sorted(maps.Keys(s.people.keys)) {
		if k := s.people.keys[id]; k.user == user {
			out = append(out, k)
		}
	}
	return out
}

func iamListKeys(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	var members []xmlNode
	for _, k := range s.keysOf(e.name) {
		members = append(members, elem("member", text("UserName", e.name), text("AccessKeyId", k.id), text("Status", "Active"), text("CreateDate", iso(k.created))))
	}
	return []xmlNode{elem("AccessKeyMetadata", members...), text("IsTruncated", "false")}, nil
}

func iamDeleteKey(s *Server, kind string, in url.Values, who identity) ([]xmlNode, *apiError) {
	e, refusal := s.find(kind, in, who)
	if refusal != nil {
		return nil, refusal
	}
	k, ok := s.people.keys[in.Get("AccessKeyId")]
	if !ok || k.user != e.name {
		return nil, &apiError{http.StatusNotFound, "NoSuchEntity", fmt.Sprintf("The Access Key with id %s cannot be found.", in.Get("AccessKeyId"))}
	}
	delete(s.people.keys, k.id)
	return nil, nil
}

// iamSimulate answers what the named user or role may do.
func iamSimulate(s *Server, _ string, in url.Values, _ identity) ([]xmlNode, *apiError) {
	source := in.Get("PolicySourceArn")
	var of *entity
	for _, all := range []map[string]*entity{s.people.users, s.people.roles} {
		for _, e := range all {
			if e.arn == source {
				of = e
			}
		}
	}
	if of == nil {
		return nil, &apiError{http.StatusNotFound, "NoSuchEntity", fmt.Sprintf("The entity with ARN %s cannot be found.", source)}
	}
	policies := policiesOf(of)
	for _, document := range queryList(in, "PolicyInputList") {
		p, err := parsePolicy(document)
		if err != nil {
			return nil, &apiError{http.StatusBadRequest, "InvalidInput", err.Error()}
		}
		policies = append(policies, p)
	}
	context := map[string]string{}
	for i := 1; in.Has(fmt.Sprintf("ContextEntries.member.%d.ContextKeyName", i)); i++ {
		prefix := fmt.Sprintf("ContextEntries.member.%d.", i)
		context[strings.ToLower(in.Get(prefix+"ContextKeyName"))] = in.Get(prefix + "ContextKeyValues.member.1")
	}
	resources := queryList(in, "ResourceArns")
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	var members []xmlNode
	for _, action := range queryList(in, "ActionNames") {
		for _, resource := range resources {
			d := evaluate(policies, access{principal: "AWS:" + source, action: action, resource: resource, context: context})
			members = append(members, elem("member", text("EvalActionName", action), text("EvalResourceName", resource), text("EvalDecision", d.String()), elem("MatchedStatements"), elem("MissingContextValues")))
		}
	}
	return []xmlNode{elem("EvaluationResults", members...), text("IsTruncated", "false")}, nil
}

// entityXML is a role or user as IAM writes it.
func entityXML(e *entity) xmlNode {
	title := strings.ToUpper(e.kind[:1]) + e.kind[1:]
	kids := []xmlNode{text("Path", e.path), text(title+"Name", e.name), text(title+"Id", e.id), text("Arn", e.arn), text("CreateDate", iso(e.created))}
	if e.kind == "role" {
		kids = append(kids, text("AssumeRolePolicyDocument", pathEscape(e.trust)), text("MaxSessionDuration", strconv.Itoa(e.seconds)))
		if e.text != "" {
			kids = append(kids, text("Description", e.text))
		}
	}
	if len(e.tags) > 0 {
		kids = append(kids, tagsXML(e.tags))
	}
	return elem(title, kids...)
}

func tagsXML(tags map[string]string) xmlNode {
	var members []xmlNode
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		members = append(members, elem("member", text("Key", key), text("Value", tags[key])))
	}
	return elem("Tags", members...)
}

// pathEscape is IAM's encoding of policy documents in answers (RFC 3986).
func pathEscape(document string) string { return signEscape(document, false) }

func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }
