package deploy

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// manifests are what kustomize makes of deploy/kubernetes.
type manifests struct {
	namespace  core.Namespace
	settings   core.ConfigMap
	deployment apps.Deployment
	service    core.Service
	ingress    networking.Ingress
	budget     policy.PodDisruptionBudget
	network    networking.NetworkPolicy
}

// built reads them. Each field has to be one that its kind has, and each kind has to be there once.
func built(t *testing.T) *manifests {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(repository, "deploy/kubernetes"))
	if err != nil {
		t.Fatal(err)
	}
	m := new(manifests)
	kinds := map[string]any{
		"Namespace": &m.namespace, "ConfigMap": &m.settings, "Deployment": &m.deployment, "Service": &m.service,
		"Ingress": &m.ingress, "PodDisruptionBudget": &m.budget, "NetworkPolicy": &m.network,
	}
	for _, r := range resources.Resources() {
		into, ok := kinds[r.GetKind()]
		if !ok {
			t.Fatalf("there is a %s that no test knows, or two of them", r.GetKind())
		}
		delete(kinds, r.GetKind())
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(text, into); err != nil {
			t.Errorf("%s: %v", r.GetKind(), err)
		}
	}
	if len(kinds) > 0 {
		t.Errorf("there is no %v", kinds)
	}
	return m
}

// container is the one of the pods.
func (m *manifests) container() core.Container { return m.deployment.Spec.Template.Spec.Containers[0] }

// The image is that of the newest version, as an older one may not be there.
func TestKubernetesRunsTheNewestVersion(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	newest := regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+) `).FindStringSubmatch(string(text))
	if got := built(t).container().Image; newest == nil || got != "registry.example.com/userlog:"+newest[1] {
		t.Errorf("the image is %s, and the newest version %q", got, newest)
	}
}

// Whatever selects pods selects ours, and what is reached is there.
func TestKubernetesFitsTogether(t *testing.T) {
	m := built(t)
	labels := m.deployment.Spec.Template.Labels
	for what, selector := range map[string]map[string]string{
		"the deployment": m.deployment.Spec.Selector.MatchLabels, "the service": m.service.Spec.Selector,
		"the budget": m.budget.Spec.Selector.MatchLabels, "the network policy": m.network.Spec.PodSelector.MatchLabels,
		"the spread": m.deployment.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
	} {
		if len(selector) == 0 || !maps.Equal(selector, labels) {
			t.Errorf("%s selects %v, and pods have %v", what, selector, labels)
		}
	}
	port, pods := m.container().Ports[0], m.deployment.Spec.Template.Spec
	backend := m.ingress.Spec.Rules[0].HTTP.Paths[0].Backend.Service
	if m.service.Spec.Ports[0].TargetPort.StrVal != port.Name || backend.Name != m.service.Name || backend.Port.Name != m.service.Spec.Ports[0].Name ||
		m.network.Spec.Ingress[0].Ports[0].Port.StrVal != port.Name || port.ContainerPort != 8080 { // as the image has it
		t.Errorf("requests do not arrive at %+v", port)
	}
	if *m.deployment.Spec.Replicas < 2 || m.budget.Spec.MaxUnavailable.IntVal != 1 || m.deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntVal != 0 {
		t.Error("there may be no pod at times")
	}
	// A pause, then draining, closing live pages, and requests under way.
	if pause := m.container().Lifecycle.PreStop.Sleep.Seconds; *pods.TerminationGracePeriodSeconds < pause+5+3+10 {
		t.Errorf("a pod has %d s to end", *pods.TerminationGracePeriodSeconds)
	}
	if host := m.ingress.Spec.Rules[0].Host; m.settings.Data["USERLOG_ALLOWED_HOSTS"] != host || m.ingress.Spec.TLS[0].Hosts[0] != host {
		t.Errorf("not everything is for %s", host)
	}
	if m.settings.Name == "userlog" || m.container().EnvFrom[0].ConfigMapRef.Name != m.settings.Name {
		t.Error("a change of settings does not restart pods")
	}
}

// A namespace that enforces "restricted" lets the pods in, and they have limits.
func TestKubernetesPodsMayDoLittle(t *testing.T) {
	m := built(t)
	pod, c := m.deployment.Spec.Template.Spec, m.container()
	if m.namespace.Labels["pod-security.kubernetes.io/enforce"] != "restricted" || m.deployment.Namespace != m.namespace.Name {
		t.Errorf("pods are in %s, whose labels are %v", m.deployment.Namespace, m.namespace.Labels)
	}
	switch security := c.SecurityContext; {
	case pod.HostNetwork || pod.HostPID || pod.HostIPC || *pod.AutomountServiceAccountToken || *pod.EnableServiceLinks:
		t.Error("a pod sees more than its own")
	case !*pod.SecurityContext.RunAsNonRoot || *pod.SecurityContext.RunAsUser != 65532 || pod.SecurityContext.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault:
		t.Errorf("a pod runs as %+v", pod.SecurityContext)
	case *security.AllowPrivilegeEscalation || !*security.ReadOnlyRootFilesystem || len(security.Capabilities.Drop) != 1 || security.Capabilities.Drop[0] != "ALL" || security.Capabilities.Add != nil:
		t.Errorf("a container may do %+v", security)
	}
	for _, v := range pod.Volumes {
		if v.Secret == nil {
			t.Errorf("the volume %s is no secret", v.Name)
		}
	}
	// What the program was measured to live in.
	const small = 64 << 20
	if memory := c.Resources.Limits.Memory().Value(); memory < small || c.Resources.Requests.Memory().Value() < small {
		t.Errorf("a pod has %d bytes", memory)
	}
	if len(m.network.Spec.PolicyTypes) != 2 || len(m.network.Spec.Egress) == 0 || len(m.network.Spec.Ingress[0].From) == 0 {
		t.Errorf("a pod reaches, or is reached by, too many: %+v", m.network.Spec)
	}
}

// The program runs as the manifests say, and answers their probes.
func TestKubernetesIsPlayed(t *testing.T) {
	m := built(t)
	c, folder := m.container(), t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "redis-password"), []byte("hunter2"), 0o400); err != nil {
		t.Fatal(err)
	}
	socket := startRedis(t, "--user", "userlog-admin", "on", ">hunter2", "~*", "&*", "+@all", "--user", "default", "off")
	var env []string
	for name, value := range m.settings.Data {
		env = append(env, name+"="+strings.NewReplacer(c.VolumeMounts[0].MountPath, folder, "rediss://userlog-admin@redis.example.com:6379/0", "unix://userlog-admin@"+socket).Replace(value))
	}
	out, err := userlog(t, env, "config").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range m.settings.Data {
		if !strings.Contains(string(out), ", as "+name+"\n") {
			t.Errorf("there is no setting %s", name)
		}
	}
	origin := serve(t, userlog(t, env, c.Args...))
	for what, probe := range map[string]*core.Probe{"starts": c.StartupProbe, "lives": c.LivenessProbe, "is ready": c.ReadinessProbe} {
		if probe.HTTPGet.Port.StrVal != c.Ports[0].Name {
			t.Errorf("whether it %s is asked elsewhere", what)
		}
		wantStatus(t, origin+probe.HTTPGet.Path, http.StatusOK)
	}
}
