package aws_test

// stand_test.go answers: against what do the tests run? The lab's stand-in for AWS, seen through a session that finds its
// credentials as a user's would: in the environment.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/aws"
	"github.com/hikkoshi/hikkoshi/internal/lab/fakeaws"
)

const (
	adminKey    = "AKIDADMINOFTHETEST"
	adminSecret = "admin-secret-that-must-never-show"
	testRegion  = fakeaws.DefaultRegion
)

// TestMain takes the machine's own configuration away, so that no test can reach a real account.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	folder, err := os.MkdirTemp("", "hikkoshi-aws-test-")
	if err != nil {
		panic(err)
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": adminKey, "AWS_SECRET_ACCESS_KEY": adminSecret, "AWS_REGION": testRegion, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": filepath.Join(folder, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(folder, "credentials"),
	} {
		os.Setenv(name, value)
	}
	shared := "[profile other]\nregion = eu-central-1\naws_access_key_id = AKIDOTHER\naws_secret_access_key = other-secret-that-must-never-show\n" +
		"[profile sso]\nregion = us-east-1\nsso_session = house\nsso_account_id = 123456789012\nsso_role_name = admin\n[sso-session house]\nsso_region = us-east-1\nsso_start_url = https://house.example/start\n"
	if err := os.WriteFile(filepath.Join(folder, "config"), []byte(shared), 0o600); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// clock is the stand-in's clock.
type clock struct {
	mutex sync.Mutex
	moved time.Duration
}

func (c *clock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return time.Now().Add(c.moved)
}

func (c *clock) move(by time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.moved += by
}

// stand is a stand-in with an administrator's session.
type stand struct {
	*fakeaws.Server
	*aws.Session
	clock *clock
}

func startStand(t *testing.T, o fakeaws.Options) stand {
	t.Helper()
	s := stand{clock: &clock{}}
	o.AccessKey, o.SecretKey = adminKey, adminSecret
	if o.Now == nil {
		o.Now = s.clock.now
	}
	if o.OnCreate == nil {
		o.OnCreate = func(context.Context, fakeaws.DomainSpec) (string, error) { return "http://127.0.0.1:1", nil }
	}
	server, err := fakeaws.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	s.Server = server
	s.Session, err = aws.Open(t.Context(), aws.Options{Endpoint: server.URL(), Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// userWith gives the session of a user who may do what the statements say.
func (s stand) userWith(t *testing.T, name string, actions ...string) *aws.Session {
	t.Helper()
	return s.As(s.keyOf(t, name, fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":"*"}]}`, strings.Join(actions, `","`))))
}

func isHint(err error) (string, bool) {
	hinted, ok := err.(interface{ Hint() string })
	if !ok {
		return "", false
	}
	return hinted.Hint(), true
}

// shown is everything that a careless program could print of a value.
func shown(value any) string {
	return fmt.Sprintf("%v %+v %#v %s %q %x", value, value, value, value, value, value)
}
