// Answers DNS for the pods of the sandbox's node: the names of Services, by the specification at
// github.com/kubernetes/dns/blob/master/docs/specification.md, as far as clients use it: A and SRV records of Services
// with and without an address of their own. Every answer is read from the API server at that moment, so it is never old.
// Other names are refused at once, as the node has no way to the world.
//
//	cluster-dns -listen 10.95.0.1:53 -domain cluster.local -server URL -ca FILE -cert FILE -key FILE
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	// Names change with the cluster, and a pod may ask for one that is there a second later.
	secondsToLive = 5
	answerWithin  = 5 * time.Second
)

func main() {
	listen := flag.String("listen", "", "address and port, for UDP and TCP")
	domain := flag.String("domain", "cluster.local", "the cluster's domain")
	server := flag.String("server", "", "the API server's URL")
	ca := flag.String("ca", "", "file of the API server's authority")
	cert := flag.String("cert", "", "file of this program's certificate")
	key := flag.String("key", "", "file of its key")
	flag.Parse()
	cluster, err := connect(*server, *ca, *cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(serve(*listen, &resolver{zone: dns.Fqdn("svc." + *domain), domain: dns.Fqdn(*domain), cluster: cluster}))
}

func serve(address string, handler dns.Handler) error {
	ended := make(chan error)
	for _, network := range []string{"udp4", "tcp4"} {
		go func() { ended <- dns.ListenAndServe(address, network, handler) }()
	}
	return <-ended
}

type resolver struct {
	zone, domain string
	cluster      *cluster
}

func (r *resolver) ServeDNS(writer dns.ResponseWriter, query *dns.Msg) {
	answer := new(dns.Msg)
	answer.SetReply(query)
	if len(query.Question) == 1 {
		r.answer(query.Question[0], answer)
	} else {
		answer.Rcode = dns.RcodeFormatError
	}
	if _, isUDP := writer.RemoteAddr().(*net.UDPAddr); isUDP {
		answer.Truncate(dns.MinMsgSize)
	}
	if err := writer.WriteMsg(answer); err != nil {
		log.Print(err)
	}
}

func (r *resolver) answer(question dns.Question, answer *dns.Msg) {
	name := strings.ToLower(question.Name)
	if !dns.IsSubDomain(r.domain, name) {
		answer.Rcode = dns.RcodeRefused
		return
	}
	answer.Authoritative = true
	targets, err := r.targets(name)
	switch {
	case errors.Is(err, errNotFound):
		answer.Rcode = dns.RcodeNameError
	case err != nil:
		log.Printf("%s: %v", name, err)
		answer.Rcode = dns.RcodeServerFailure
	default:
		for _, found := range targets {
			answer.Answer = append(answer.Answer, found.records(question)...)
		}
	}
	if len(answer.Answer) == 0 {
		answer.Ns = []dns.RR{r.authority()}
	}
}

// Tells resolvers for how long a name that does not exist may be remembered.
func (r *resolver) authority() dns.RR {
	return &dns.SOA{
		Hdr: header(r.domain, dns.TypeSOA), Ns: "ns.dns." + r.domain, Mbox: "hostmaster." + r.domain,
		Serial: uint32(time.Now().Unix()), Refresh: 7200, Retry: 1800, Expire: 86400, Minttl: secondsToLive,
	}
}

// Where a name leads: an address, and for a name of a port the port.
type target struct {
	host    string
	address net.IP
	port    uint16
}

func (t target) records(question dns.Question) []dns.RR {
	if question.Qtype == dns.TypeA && t.port == 0 {
		return []dns.RR{&dns.A{Hdr: header(question.Name, dns.TypeA), A: t.address}}
	}
	if question.Qtype == dns.TypeSRV && t.port != 0 {
		return []dns.RR{&dns.SRV{Hdr: header(question.Name, dns.TypeSRV), Weight: 100, Port: t.port, Target: t.host}}
	}
	return nil
}

func header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: secondsToLive}
}

// A name is SERVICE.NAMESPACE.svc.DOMAIN, with HOSTNAME. of a pod or _PORT._PROTOCOL. before it. What only has longer
// names below it exists, too, and has no records.
func (r *resolver) targets(name string) ([]target, error) {
	if name == r.domain || name == r.zone {
		return nil, nil
	}
	if !dns.IsSubDomain(r.zone, name) {
		return nil, errNotFound
	}
	labels := dns.SplitDomainName(strings.TrimSuffix(name, r.zone))
	if len(labels) < 2 {
		return nil, r.cluster.get("/api/v1/namespaces/"+url.PathEscape(labels[0]), &struct{}{})
	}
	before, service, namespace := labels[:len(labels)-2], labels[len(labels)-2], labels[len(labels)-1]
	found, err := r.cluster.endpointsOf(namespace, service)
	if err != nil {
		return nil, err
	}
	host := service + "." + namespace + "." + r.zone
	switch {
	case len(before) == 0:
		return addresses(found, host), nil
	case len(before) == 2 && strings.HasPrefix(before[0], "_") && strings.HasPrefix(before[1], "_"):
		return ports(found, host, before[0][1:], before[1][1:])
	case len(before) == 1:
		return named(found, before[0], host)
	}
	return nil, errNotFound
}

func addresses(found []endpoint, host string) []target {
	targets := []target{}
	for _, one := range found {
		targets = append(targets, target{host: host, address: one.address})
	}
	return targets
}

func named(found []endpoint, hostname, host string) ([]target, error) {
	for _, one := range found {
		if one.hostname == hostname {
			return []target{{host: hostname + "." + host, address: one.address}}, nil
		}
	}
	return nil, errNotFound
}

func ports(found []endpoint, host, name, protocol string) ([]target, error) {
	targets := []target{}
	for _, one := range found {
		for _, port := range one.ports {
			if port.Name == name && strings.EqualFold(port.Protocol, protocol) {
				targets = append(targets, target{host: one.nameIn(host), address: one.address, port: port.Port})
			}
		}
	}
	if len(targets) == 0 {
		return nil, errNotFound
	}
	return targets, nil
}

var errNotFound = errors.New("not found")

// An address behind a Service's name: its own, or that of a pod where it has none.
type endpoint struct {
	address  net.IP
	hostname string
	ports    []port
}

func (e endpoint) nameIn(host string) string {
	if e.hostname == "" {
		return host
	}
	return e.hostname + "." + host
}

type port struct {
	Name     string
	Protocol string
	Port     uint16
}

type cluster struct {
	server string
	client *http.Client
}

func connect(server, ca, cert, key string) (*cluster, error) {
	pem, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(pem)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities, Certificates: []tls.Certificate{pair}}}
	return &cluster{server: server, client: &http.Client{Transport: transport, Timeout: answerWithin}}, nil
}

func (c *cluster) endpointsOf(namespace, name string) ([]endpoint, error) {
	var service struct {
		Spec struct {
			ClusterIP string
			Ports     []port
		}
	}
	inNamespace := "/namespaces/" + url.PathEscape(namespace)
	if err := c.get("/api/v1"+inNamespace+"/services/"+url.PathEscape(name), &service); err != nil {
		return nil, err
	}
	if address := net.ParseIP(service.Spec.ClusterIP); address != nil {
		return []endpoint{{address: address, ports: service.Spec.Ports}}, nil
	}
	return c.readyEndpoints(inNamespace, name)
}

func (c *cluster) readyEndpoints(inNamespace, service string) ([]endpoint, error) {
	var slices struct {
		Items []struct {
			Ports     []port
			Endpoints []struct {
				Addresses  []string
				Hostname   string
				Conditions struct{ Ready *bool }
			}
		}
	}
	selector := url.QueryEscape("kubernetes.io/service-name=" + service)
	path := "/apis/discovery.k8s.io/v1" + inNamespace + "/endpointslices?labelSelector=" + selector
	if err := c.get(path, &slices); err != nil {
		return nil, err
	}
	found := []endpoint{}
	for _, slice := range slices.Items {
		for _, one := range slice.Endpoints {
			if len(one.Addresses) == 0 || (one.Conditions.Ready != nil && !*one.Conditions.Ready) {
				continue
			}
			found = append(found, endpoint{net.ParseIP(one.Addresses[0]), one.Hostname, slice.Ports})
		}
	}
	return found, nil
}

func (c *cluster) get(path string, into any) error {
	ask, err := http.NewRequestWithContext(context.Background(), http.MethodGet, c.server+path, nil)
	if err != nil {
		return err
	}
	response, err := c.client.Do(ask)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound {
		return errNotFound
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}
