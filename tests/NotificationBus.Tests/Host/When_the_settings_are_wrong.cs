using System.Net;
using System.Net.Sockets;
using System.Reflection;
using NotificationBus.Host;
using NotificationBus.Host.Settings;

namespace NotificationBus.Tests.Host;

public sealed class When_the_settings_are_wrong
{
    const string Secret = "s3cr3t-canary";
    const string Amqp = $"--ConnectionStrings:RabbitMq=amqp://user:{Secret}@localhost:5672";
    const string Postgres = $"--ConnectionStrings:Postgres=Host=localhost;Username=user;Password={Secret}";
    const string Smtp = "--Channels:email:Providers=smtp --Providers:smtp:Host=localhost --Providers:smtp:From=shop@example.com";

    [Theory]
    // Misspelt.
    [InlineData("--Transprot=RabbitMq", "Transprot is unknown, allowed here are Transport, Roles,")]
    [InlineData("--Provders:smtp:Host=x", "Provders is unknown, allowed here are")]
    [InlineData("--Channels:email:Provders=smtp", "Channels:email:Provders is unknown, allowed here are Providers, Routes, Concurrency")]
    [InlineData("--EventTypes:order-placed:Channel=push", "EventTypes:order-placed:Channel is unknown, allowed here are Channels, Mode")]
    [InlineData("--Postgres:Timeout=5", "Postgres:Timeout is unknown, allowed here are Migrate, StartTimeout")]
    [InlineData("--Retention:Notification=90.00:00:00", "Retention:Notification is unknown, allowed here are Notifications")]
    [InlineData("--ConnectionStrings:Rabbit=x", "ConnectionStrings:Rabbit is unknown, allowed here are RabbitMq, Postgres")]
    [InlineData(
        "--Channels:sms:Routes:0:Wen:Countries=TH --Channels:sms:Routes:0:Providers=sandbox",
        "Channels:sms:Routes:0:Wen is unknown, allowed here are When, Providers"
    )]
    [InlineData(
        "--Channels:sms:Routes:0:When:Country=TH --Channels:sms:Routes:0:Providers=sandbox",
        "Channels:sms:Routes:0:When:Country is unknown, allowed here are Countries, Categories, Lane"
    )]
    // People who sign in.
    [InlineData("--Auth:OpenIdConnect:ClientId=a", "Auth:OpenIdConnect:Authority: is missing; the rest is nothing without it")]
    [InlineData(
        "--Auth:OpenIdConnect:Authority=http://login.example.com --Auth:OpenIdConnect:ClientId=a",
        "Auth:OpenIdConnect:Authority: must be an https URL"
    )]
    [InlineData(
        "--Auth:OpenIdConnect:Authority=https://login.example.com",
        "Auth:OpenIdConnect:ClientId: is missing; set it for pages, or Audience"
    )]
    [InlineData(
        "--Auth:OpenIdConnect:Authority=https://login.example.com --Auth:OpenIdConnect:ClientId=a --Auth:OpenIdConnect:Audience=a",
        "Auth:OpenIdConnect:Audience: must be another one than ClientId"
    )]
    [InlineData(
        "--Auth:Mode=None --Auth:OpenIdConnect:Authority=https://login.example.com --Auth:OpenIdConnect:ClientId=a",
        "Auth:Mode: must not be None where OpenIdConnect says who may call"
    )]
    // Limits and guards.
    [InlineData("--RateLimits:CallsPerKey=0", "RateLimits:CallsPerKey: ")]
    [InlineData("--Channels:email:AddressLimit=-1", "Channels:email:AddressLimit: ")]
    [InlineData("--Channels:sms:Guard:AllowCountries=Thailand", "Channels:sms:Guard:AllowCountries: must be countries such as TH")]
    [InlineData(
        "--Channels:sms:Guard:AllowCountries=TH --Channels:sms:Guard:BlockCountries=TH",
        "Channels:sms:Guard:BlockCountries: must not name what AllowCountries names"
    )]
    [InlineData("--Channels:sms:Guard:SpendPerDay=10", "Channels:sms:Guard:SpendPerDay: needs Price or Prices")]
    [InlineData("--Channels:sms:Guard:Prices:TH=cheap", "Channels:sms:Guard:Prices:th must be a number")]
    // Routes.
    [InlineData("--Channels:sms:Routes:thai:Providers=sandbox", "Channels:sms:Routes:thai must be a number, such as Channels:sms:Routes:0")]
    [InlineData(
        "--Channels:sms:Routes:1:When:Countries=TH --Channels:sms:Routes:1:Providers=sandbox",
        "Channels:sms:Routes must be numbered from 0 without a gap"
    )]
    [InlineData("--Channels:sms:Routes=sandbox", "Channels:sms:Routes has no value of its own; set Channels:sms:Routes:0")]
    [InlineData(
        "--Channels:sms:Routes:0:Providers=sandbox",
        "Channels:sms:Routes:0:When is empty; set Channels:sms:Routes:0:When:Countries"
    )]
    [InlineData("--Channels:sms:Routes:0:When:Countries=TH", "Channels:sms:Routes:0:Providers is empty; name at least one of twilio")]
    [InlineData(
        "--Channels:sms:Routes:0:When:Countries=TH --Channels:sms:Routes:0:Providers=sandbox,twillio",
        "Channels:sms:Routes:0:Providers:1 names 'twillio', which is neither a type (twilio"
    )]
    [InlineData(
        "--Channels:sms:Routes:0:When:Countries=THA --Channels:sms:Routes:0:Providers=sandbox",
        "Channels:sms:Routes:0:When:Countries: must be codes of two letters (ISO 3166-1), such as TH,SG"
    )]
    [InlineData(
        "--Channels:sms:Routes:0:When:Categories=order --Channels:sms:Routes:0:Providers=sandbox",
        "Channels:sms:Routes:0:When:Categories names no category, allowed are announcement, chat-message-sent"
    )]
    [InlineData(
        "--Channels:sms:Routes:0:When:Lane=Fast --Channels:sms:Routes:0:Providers=sandbox",
        "Channels:sms:Routes:0:When:Lane must be one of Transactional, Bulk"
    )]
    // Applications.
    [InlineData(
        "--Applications:cup:Emial:From=cup@example.com",
        "Applications:cup:Emial is unknown, allowed here are BusUsers, DatabaseUsers, Email, Sms, Channels, RateLimits, Templates; "
            + "did you mean Email?"
    )]
    [InlineData("--Applications:cup:Email:Form=cup@example.com", "Applications:cup:Email:Form is unknown, allowed here are From, FromName")]
    [InlineData("--Applications:cup:Email:From=cup", "Applications:cup:Email:From: the mailbox is not of the form local@domain")]
    [InlineData("--Applications:cup:Email:FromName=Cup", "Applications:cup:Email:FromName: is nothing without From")]
    [InlineData(
        "--Applications:cup:Templates:Folder=no-such-folder",
        "Applications:cup:Templates:Folder: no-such-folder: there is no such folder of templates"
    )]
    [InlineData(
        "--Applications:cup:Channels:pigeon:Providers=sandbox",
        "Applications:cup:Channels:pigeon is no channel, allowed are chat, email, push, sms, webhook"
    )]
    [InlineData(
        "--Applications:cup:Channels:email:Provders=sandbox",
        "Applications:cup:Channels:email:Provders is unknown, allowed here are Providers"
    )]
    [InlineData(
        "--Applications:cup:Channels:email:Providers=",
        "Applications:cup:Channels:email:Providers is empty; name at least one of sandbox"
    )]
    [InlineData(
        "--Applications:cup:Channels:email:Providers=sandbox,sandbx",
        "Applications:cup:Channels:email:Providers:1 names 'sandbx', which is no account of the channel; name some of sandbox, "
            + "or add it to Channels:email:Providers; did you mean sandbox?"
    )]
    [InlineData("--Applications:cup:RateLimits:Calls=0", "Applications:cup:RateLimits:Calls: ")]
    [InlineData("--Applications:cup:RateLimits:Call=5", "Applications:cup:RateLimits:Call is unknown, allowed here are Calls")]
    [InlineData("--Applications:cup:Sms:From=MoreThanElevenLetters", "Applications:cup:Sms:From: must be a number such as +66812345678")]
    // gRPC.
    [InlineData("--GrpcUrls=", "GrpcUrls must be http addresses with a port, such as http://localhost:8082")]
    [InlineData("--GrpcUrls=https://localhost:8082", "GrpcUrls must be http addresses with a port, such as http://localhost:8082")]
    [InlineData("--GrpcUrls=http://localhost:0", "GrpcUrls must be http addresses with a port, such as http://localhost:8082")]
    [InlineData("--Urls=http://localhost:8082 --GrpcUrls=http://127.0.0.1:8082", "GrpcUrls must have ports of their own")]
    [InlineData("--PublicUrls=http://localhost:8082 --GrpcUrls=http://127.0.0.1:8082", "GrpcUrls must have ports of their own")]
    // Telemetry.
    [InlineData("--Telemetry:Otlp:Endpoint=collector:4317", "Telemetry:Otlp:Endpoint: must be an address such as http://collector:4317")]
    [InlineData(
        "--Telemetry:Otlp:Endpoint=http://user:" + Secret + "@collector:4317",
        "Telemetry:Otlp:Endpoint: must be an address such as http://collector:4317"
    )]
    [InlineData("--Telemetry:Otlp:Protocol=Http", "Telemetry:Otlp:Protocol must be one of Grpc, HttpProtobuf")]
    [InlineData("--Telemetry:Endpoint=http://collector:4317", "Telemetry:Endpoint is unknown, allowed here are Otlp, Traces")]
    [InlineData("--Telemetry:Traces:SampleShare=1.5", "Telemetry:Traces:SampleShare: ")]
    [InlineData("--Telemetry:Traces:Url=https://jaeger.internal/trace/", "Telemetry:Traces:Url: ")]
    [InlineData("--Telemetry:Traces:Url=javascript:{traceId}", "Telemetry:Traces:Url: ")]
    [InlineData("--Telemetry:Traces:SampleShare=NaN", "Telemetry:Traces:SampleShare: ")]
    // Wrong type.
    [InlineData("--Transport=Rabbit", "Transport must be one of InMemory, RabbitMq")]
    [InlineData("--Transport=1", "Transport must be one of InMemory, RabbitMq")]
    [InlineData("--Transport=5", "Transport must be one of InMemory, RabbitMq")]
    [InlineData("--EventTypes:order-placed:Mode=7", "EventTypes:order-placed:Mode must be one of AllAtOnce, FirstThatWorks")]
    [InlineData("--EventTypes:order-placed:EscalateAfter=00:05:00", "EventTypes:order-placed:EscalateAfter: needs Mode=FirstThatWorks")]
    [InlineData("--EventTypes:announcement:EscalateAfter=soon", "EventTypes:announcement:EscalateAfter must be a time such as")]
    [InlineData("--EventTypes:announcement:EscalateAfter=31.00:00:00", "EventTypes:announcement:EscalateAfter: ")]
    [InlineData("--Sweep:After=00:00:30", "Sweep:After: ")]
    [InlineData("--Retention:Notifications=long", "Retention:Notifications must be a time such as")]
    [InlineData("--Retention:Notifications=12:00:00", "Retention:Notifications: ")]
    [InlineData(
        "--EventTypes:announcement:EscalateUnless=Seen",
        "EventTypes:announcement:EscalateUnless must be one of Sent, Confirmed, Read"
    )]
    [InlineData("--EventTypes:announcement:EscalateUnless=Read", "EventTypes:announcement:EscalateUnless: needs EscalateAfter")]
    [InlineData(
        "--EventTypes:announcement:Unsubscribe=true",
        "EventTypes:announcement:Unsubscribe needs Unsubscribe:PublicUrl and Unsubscribe:Key"
    )]
    [InlineData(
        "--Receipts:PublicUrl=http://notify.example.com",
        "Receipts:PublicUrl: must be an address such as https://notify.example.com"
    )]
    [InlineData(
        "--Receipts:PublicUrl=https://notify.example.com/?a=1",
        "Receipts:PublicUrl: must be an address such as https://notify.example.com"
    )]
    [InlineData("--Receipts:PublicURI=https://notify.example.com", "Receipts:PublicURI is unknown, allowed here are PublicUrl")]
    [InlineData(
        "--Unsubscribe:PublicUrl=notify.example.com --Unsubscribe:Key=" + Secret + Secret + Secret,
        "Unsubscribe:PublicUrl: must be an address such as https://notify.example.com"
    )]
    [InlineData(
        "--Unsubscribe:PublicUrl=https://bücher.example --Unsubscribe:Key=" + Secret + Secret + Secret,
        "Unsubscribe:PublicUrl: must be an address such as https://notify.example.com, in ASCII"
    )]
    [InlineData(
        "--Unsubscribe:PublicUrl=https://notify.example.com",
        "Unsubscribe:PublicUrl,Key: must be set together, or neither of them"
    )]
    [InlineData(
        "--Unsubscribe:PublicUrl=https://notify.example.com --Unsubscribe:Key=" + Secret,
        "Unsubscribe:Key: must have at least 32 characters"
    )]
    [InlineData(
        "--Retention:Notifications=59.00:00:00 --Unsubscribe:PublicUrl=https://notify.example.com --Unsubscribe:Key="
            + Secret
            + Secret
            + Secret,
        "Retention:Notifications must be 60.00:00:00 or longer with Unsubscribe:PublicUrl: a link"
    )]
    [InlineData("--Contents:Key=K1", "Contents:Key: names no key: set Contents:Keys:k1")]
    [InlineData("--Contents:Key=k1 --Contents:Keys:k1=" + Secret, "Contents:Keys:k1: must be 32 bytes as base64")]
    [InlineData("--Contents:Keys:k1=file:/nowhere/key", "Contents:Keys:k1: names a file that cannot be read")]
    [InlineData("--Channels:email:Concurrency=many", "Channels:email:Concurrency must be a number")]
    [InlineData("--Channels:email:Concurrency=1.5", "Channels:email:Concurrency must be a number")]
    [InlineData("--Channels:email:Concurrency=99999999999", "Channels:email:Concurrency must be a number")]
    [InlineData("--Postgres:Migrate=perhaps", "Postgres:Migrate must be true or false")]
    [InlineData(
        "--Publishing:Timeout=soon",
        "Publishing:Timeout must be a time such as 00:00:05 (hours:minutes:seconds) or 1.00:00:00 (a day)"
    )]
    [InlineData("--EventTypes:announcement:Lifetime=5", "EventTypes:announcement:Lifetime must be a time such as")]
    [InlineData("--EventTypes:announcement:Lifetime=24:00:00", "EventTypes:announcement:Lifetime must be a time such as")]
    [InlineData("--Channels:email:RedeliveryDelays=00:00:05,5", "Channels:email:RedeliveryDelays must be a time such as")]
    [InlineData("--Providers:sandbox:Circuit:MinimumCalls=1", "Providers:sandbox:Circuit:MinimumCalls: ")]
    [InlineData("--Providers:sandbox:Circuit:MinimumCalls=10001", "Providers:sandbox:Circuit:MinimumCalls: ")]
    [InlineData("--Providers:sandbox:Circuit:MinimumCalls=many", "Providers:sandbox:Circuit:MinimumCalls must be a number")]
    [InlineData("--Providers:sandbox:Circuit:FailureShare=0", "Providers:sandbox:Circuit:FailureShare: ")]
    [InlineData("--Providers:sandbox:Circuit:FailureShare=1.1", "Providers:sandbox:Circuit:FailureShare: ")]
    [InlineData("--Providers:sandbox:Circuit:FailureShare=NaN", "Providers:sandbox:Circuit:FailureShare: ")]
    [InlineData("--Providers:sandbox:Circuit:FailureShare=0,5", "Providers:sandbox:Circuit:FailureShare must be a number")]
    [InlineData("--Providers:sandbox:Circuit:OpenFor=00:00:00.5", "Providers:sandbox:Circuit:OpenFor: ")]
    [InlineData("--Providers:sandbox:Circuit:OpenFor=01:00:01", "Providers:sandbox:Circuit:OpenFor: ")]
    [InlineData("--Providers:sandbox:Circuit:HalfOpenCalls=0", "Providers:sandbox:Circuit:HalfOpenCalls: ")]
    [InlineData("--Providers:sandbox:Circuit:HalfOpenCall=3", "Providers:sandbox:Circuit:HalfOpenCall is unknown")]
    [InlineData("--Providers:sandbox:Circuit=3", "Providers:sandbox:Circuit has no value of its own")]
    [InlineData("--Redelivery:MostInDoubt=0", "Redelivery:MostInDoubt: ")]
    [InlineData("--Redelivery:LongestDelayInDoubt=00:00:00", "Redelivery:LongestDelayInDoubt: ")]
    [InlineData("--Providers:sandbox:Latency=5", "Providers:sandbox:Latency must be a time such as")]
    // A value for a section, a section for a value.
    [InlineData(
        "--EventTypes:order-placed=push",
        "EventTypes:order-placed has no value of its own; set EventTypes:order-placed:Channels, EventTypes:order-placed:Mode"
    )]
    [InlineData("--Channels=email", "Channels has no value of its own; set Channels:…")]
    [InlineData("--Postgres=Host", "Postgres has no value of its own; set Postgres:Migrate, Postgres:StartTimeout")]
    [InlineData("--Publishing:Timeout:Seconds=5", "Publishing:Timeout must be a single value")]
    [InlineData("--Roles:5:name=api", "Roles:5 must be a single value")]
    // Out of range.
    [InlineData("--Channels:email:Concurrency=0", "Channels:email:Concurrency:Max: The field Max must be between 1 and 1000.")]
    [InlineData("--Channels:email:Concurrency=1001", "Channels:email:Concurrency:Max: The field Max must be between 1 and 1000.")]
    [InlineData("--Channels:email:Concurrency:Min=0", "Channels:email:Concurrency:Min: The field Min must be between 1 and 1000.")]
    [InlineData("--Channels:email:Concurrency:Min=257", "Channels:email:Concurrency:Min: must not be more than Max")]
    [InlineData(
        "--Channels:email:Concurrency=32 --Channels:email:Concurrency:max=64",
        "Channels:email:Concurrency is set twice: by itself and as Channels:email:Concurrency:Max; leave one of them"
    )]
    [InlineData("--Channels:email:Concurrency:Most=9", "Channels:email:Concurrency:Most is unknown, allowed here are Min, Max")]
    [InlineData("--Publishing:Timeout=00:00:00", "Publishing:Timeout: The field Timeout must be between 00:00:01 and 00:00:25.")]
    [InlineData("--Publishing:Timeout=00:00:26", "Publishing:Timeout: The field Timeout must be between 00:00:01 and 00:00:25.")]
    [InlineData(
        "--Postgres:StartTimeout=-00:00:01",
        "Postgres:StartTimeout: The field StartTimeout must be between 00:00:00 and 00:10:00."
    )]
    // Unknown names.
    [InlineData(
        "--Roles=api,wroker",
        "Roles: 'wroker' is unknown, allowed are api, worker",
        "Roles must be api and worker while Transport is InMemory"
    )]
    [InlineData("--Roles=", "Roles is empty, allowed are api, worker")]
    [InlineData("--Roles=api", "Roles must be api and worker while Transport is InMemory: no other process shares its memory")]
    [InlineData("--Channels:pigeon:Providers=sandbox", "Channels:pigeon is no channel, allowed are chat, email, push, sms, webhook")]
    [InlineData(
        "--EventTypes:order-lost:Channels=push",
        "EventTypes:order-lost has no templates, categories with templates are announcement, chat-message-sent"
    )]
    [InlineData(
        "--EventTypes:order-placed:Channels=push,pigeon",
        "EventTypes:order-placed:Channels:1 is no channel, allowed are chat, email, push, sms, webhook"
    )]
    [InlineData(
        "--EventTypes:order-placed:Channels=",
        "EventTypes:order-placed:Channels is empty; name at least one of chat, email, push, sms, webhook"
    )]
    [InlineData(
        "--Channels:email:Providers=",
        "Channels:email:Providers is empty; name at least one of smtp, sendgrid, brevo, ses, resend, postmark, http, log, sandbox"
    )]
    [InlineData(
        "--Channels:email:Providers=sse",
        "Channels:email:Providers:0 names 'sse', which is neither a type (smtp, sendgrid, brevo, ses, resend, postmark, http, log, "
            + "sandbox) nor an account with Providers:sse:Type"
    )]
    [InlineData(
        "--Channels:push:Providers=smtp --Providers:smtp:Host=localhost --Providers:smtp:From=shop@example.com",
        "Channels:push:Providers:0 names 'smtp'"
    )]
    // Accounts.
    [InlineData(
        "--Providers:relay:Host=localhost",
        "Providers:relay:Type is missing, and 'relay' is no type; allowed are smtp, sendgrid, brevo, ses, resend, postmark, http, log, "
            + "sandbox, fcm, apns, webpush, twilio, vonage"
    )]
    [InlineData(
        "--Providers:relay:Type=smpt",
        "Providers:relay:Type is unknown; allowed are smtp, sendgrid, brevo, ses, resend, postmark, http, log, sandbox, fcm, apns, "
            + "webpush, twilio, vonage"
    )]
    [InlineData(
        "--Providers:smtp=localhost",
        "Providers:smtp has no value of its own; set Providers:smtp:Host,",
        "Providers:smtp:Host: must",
        "Providers:smtp:From: must"
    )]
    [InlineData(Smtp + " --Providers:smtp:Hots=x", "Providers:smtp:Hots is unknown, allowed here are Host, Port,")]
    [InlineData(
        "--Providers:resend:ApiKey=" + Secret + " --Providers:resend:From=shop@example.com --Providers:resend:ApiKy=x",
        "Providers:resend:ApiKy is unknown, allowed here are ApiKey,"
    )]
    [InlineData(
        "--Channels:email:Providers=ses --Providers:ses:Region=Frankfurt --Providers:ses:AccessKeyId=a --Providers:ses:SecretAccessKey="
            + Secret
            + " --Providers:ses:From=shop@example.com",
        "Providers:ses:Region: must be a region, such as eu-central-1"
    )]
    [InlineData(
        "--Providers:brevo:Timeout=00:00:05",
        "Providers:brevo:ApiKey: must be set to an API key",
        "Providers:brevo:From: must be set to the mailbox that sends"
    )]
    // What proves receipts, and could be guessed or is none.
    [InlineData(
        "--Providers:sendgrid:ApiKey=a --Providers:sendgrid:From=shop@example.com --Providers:sendgrid:ReceiptKey=" + Secret,
        "Providers:sendgrid:ReceiptKey: must be the verification key of the Event Webhook"
    )]
    [InlineData(
        "--Providers:brevo:ApiKey=a --Providers:brevo:From=shop@example.com --Providers:brevo:ReceiptSecret=0123456789abcde",
        "Providers:brevo:ReceiptSecret: must be at least 16 characters"
    )]
    [InlineData(
        "--Providers:postmark:ServerToken=a --Providers:postmark:From=shop@example.com "
            + "--Providers:postmark:ReceiptSecret=0123456789abcdef,0123456789abcde",
        "Providers:postmark:ReceiptSecret: must be at least 16 characters"
    )]
    [InlineData(
        "--Providers:resend:ApiKey=a --Providers:resend:From=shop@example.com --Providers:resend:ReceiptSecret=whsec_",
        "Providers:resend:ReceiptSecret: must be the signing secret of the webhook"
    )]
    [InlineData(
        "--Providers:resend:ApiKey=a --Providers:resend:From=shop@example.com "
            + "--Providers:resend:ReceiptSecret=whsec_b2xkLXNlY3JldC1vZi10aGUtd2ViaG9vaw==,whsec_?",
        "Providers:resend:ReceiptSecret: must be the signing secret of the webhook"
    )]
    [InlineData(
        "--Providers:ses:Region=eu-central-1 --Providers:ses:AccessKeyId=a --Providers:ses:SecretAccessKey=a "
            + "--Providers:ses:From=shop@example.com --Providers:ses:ReceiptTopic=mail",
        "Providers:ses:ReceiptTopic: must be the ARN of an SNS topic"
    )]
    [InlineData("--Channels:chat:Providers=slack", "Providers:slack:BotToken: must be set")]
    [InlineData(
        "--Providers:telegram:BotToken=1:a --Providers:telegram:BotTokn=x",
        "Providers:telegram:BotTokn is unknown, allowed here are BotToken,"
    )]
    [InlineData("--Channels:webhook:Providers=webhook", "Providers:webhook:Secret: must be set")]
    [InlineData(
        "--Channels:webhook:Providers=webhook --Providers:webhook:Secret=whsec_" + Secret,
        "Providers:webhook:Secret: must be whsec_ and the base64 of 24 to 64 bytes"
    )]
    [InlineData(
        "--EventTypes:of-our-own:Channels=webhook,push",
        "EventTypes:of-our-own has no templates, categories with templates are announcement, chat-message-sent"
    )]
    [InlineData(
        "--Channels:email:Providers=smtp --Providers:smtp:From=shop@example.com",
        "Providers:smtp:Host: must be set to the name of the server"
    )]
    [InlineData(
        "--Channels:email:Providers=smtp --Providers:smtp:Host=localhost",
        "Providers:smtp:From: must be set to the mailbox that sends"
    )]
    [InlineData(
        "--Channels:email:Providers=smtp",
        "Providers:smtp:Host: must be set to the name of the server",
        "Providers:smtp:From: must be set to the mailbox that sends"
    )]
    [InlineData(Smtp + " --Providers:smtp:Port=465", "Port 465 speaks TLS from the first byte, but Security is StartTls")]
    [InlineData(Smtp + " --Providers:smtp:Port=70000", "Providers:smtp:Port: must be from 1 to 65535")]
    [InlineData("--Providers:sandbox:FailureShare=2", "Providers:sandbox:FailureShare: must be from 0 to 1")]
    [InlineData("--Providers:sandbox:FailureShare=0,5", "Providers:sandbox:FailureShare must be a number")]
    [InlineData("--Providers:sandbox:FailureShare=NaN", "Providers:sandbox:FailureShare: must be from 0 to 1")]
    [InlineData(Smtp + " --Providers:smtp:Security=9", "Providers:smtp:Security must be one of StartTls, ImplicitTls, None")]
    [InlineData(
        Smtp + " --Providers:smtp:Password=" + Secret,
        "Providers:smtp:Username,Password: must be set together, or neither of them"
    )]
    [InlineData(Smtp + " --Providers:smtp:Port=" + Secret, "Providers:smtp:Port must be a number")]
    // Servers.
    [InlineData(
        "--Transport=RabbitMq",
        "ConnectionStrings:RabbitMq is missing; Transport=RabbitMq needs it",
        "ConnectionStrings:Postgres is missing; Transport=RabbitMq needs it"
    )]
    [InlineData("--Transport=RabbitMq " + Amqp, "ConnectionStrings:Postgres is missing")]
    [InlineData("--Transport=RabbitMq " + Postgres, "ConnectionStrings:RabbitMq is missing")]
    [InlineData(
        "--Transport=RabbitMq " + Postgres + " --ConnectionStrings:RabbitMq=http://user:" + Secret + "@localhost",
        "ConnectionStrings:RabbitMq must be a URI such as amqp://"
    )]
    [InlineData(
        "--Transport=RabbitMq " + Postgres + " --ConnectionStrings:RabbitMq=amqp:" + Secret,
        "ConnectionStrings:RabbitMq must be a URI such as amqp://"
    )]
    [InlineData(
        "--Transport=RabbitMq " + Postgres + " --ConnectionStrings:RabbitMq=amqp://user:" + Secret + "@xn--ü.example",
        "ConnectionStrings:RabbitMq must be a URI such as amqp://"
    )]
    [InlineData(
        "--Transport=RabbitMq " + Amqp + " --ConnectionStrings:Postgres=" + Secret,
        "ConnectionStrings:Postgres must be an Npgsql connection string"
    )]
    [InlineData(
        "--Transport=RabbitMq " + Amqp + " --ConnectionStrings:Postgres=Host=localhost;Port=" + Secret,
        "ConnectionStrings:Postgres must be an Npgsql connection string"
    )]
    [InlineData(Amqp, "Transport is InMemory but ConnectionStrings name servers; set Transport=RabbitMq, or leave ConnectionStrings out")]
    [InlineData(
        Postgres,
        "Transport is InMemory but ConnectionStrings name servers; set Transport=RabbitMq, or leave ConnectionStrings out"
    )]
    [InlineData("--Intake:Sql:Enabled=true", "Intake:Sql:Enabled needs Transport=RabbitMq")]
    // Templates.
    [InlineData("--Templates:Folder=no-such-folder", "Templates: no-such-folder: there is no such folder of templates")]
    [InlineData("--Templates:DefaultLanguage=xx", "Templates: announcement/chat.xx.liquid is missing")]
    [InlineData("--Templates:DefaultLanguage=", "Templates:DefaultLanguage: The DefaultLanguage field is required.")]
    // Addresses.
    [InlineData("--Urls=canary", "Urls must be addresses such as http://localhost:8080, separated by semicolons")]
    [InlineData("--Urls=http://localhost:99999", "Urls must be addresses such as http://localhost:8080, separated by semicolons")]
    [InlineData("--Urls=ftp://localhost:8080", "Urls must be addresses such as http://localhost:8080, separated by semicolons")]
    // The log.
    [InlineData(
        "--Serilog:MinimumLevel:Default=Debgu",
        "Serilog:MinimumLevel:Default must be one of Verbose, Debug, Information, Warning, Error, Fatal"
    )]
    [InlineData("--Serilog:MinimumLevel:Default=", "Serilog:MinimumLevel:Default must be one of Verbose, Debug")]
    [InlineData(
        "--Serilog:MinimumLevel:Override:MassTransit=Loud",
        "Serilog:MinimumLevel:Override:MassTransit must be one of Verbose, Debug"
    )]
    [InlineData("--Serilog:MinimumLevel:Defualt=Debug", "Serilog:MinimumLevel:Defualt is unknown, allowed here are Default, Override")]
    [InlineData("--Serilog:MinimumLevel=Debug", "Serilog:MinimumLevel has no value of its own; set Serilog:MinimumLevel:Default")]
    // No settings.
    [InlineData("RabbitMq", "Argument 1 is no setting; write --Key=value, for instance --Transport=RabbitMq")]
    [InlineData(
        "--Transport=InMemory -Transport=RabbitMq",
        "Argument 2 is no setting; write --Key=value, for instance --Transport=RabbitMq"
    )]
    [InlineData(Postgres + " " + Secret, "Argument 2 is no setting; write --Key=value, for instance --Transport=RabbitMq")]
    [InlineData("--Transport", "--Transport has no value; write --Key=value")]
    [InlineData("--Transport --Roles=api,worker", "--Transport has no value; write --Key=value")]
    public async Task Should_stop_with_a_line_for_each(string args, params string[] lines)
    {
        var (exitCode, _, error) = await Run(args.Split(' '));

        exitCode.ShouldBe(2);
        var said = error.TrimEnd().Split(Environment.NewLine);
        said.Length.ShouldBe(lines.Length, error);
        for (var index = 0; index < lines.Length; index++)
            said[index].ShouldContain(lines[index]);
        error.ShouldNotContain(Secret);
    }

    [Fact]
    public async Task Should_name_all_of_them_at_once()
    {
        var (_, _, error) = await Run("--Transprot=x", "--Channels:email:Concurrency=0", "--Roles=wroker", "--Urls=x");

        error.TrimEnd().Split(Environment.NewLine).Length.ShouldBe(5, error);
    }

    [Fact]
    public async Task Should_stop_with_one_line_when_the_port_is_in_use()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"http://{taken.LocalEndpoint}";

        var (exitCode, _, error) = await Run($"--Urls={address}");

        exitCode.ShouldBe(2);
        error.ShouldBe(
            $"Urls: Failed to bind to address {address}: address already in use. Choose another one with "
                + $"--Urls=http://localhost:8081{Environment.NewLine}"
        );
    }

    [Fact]
    public async Task Should_stop_with_one_line_when_the_address_is_not_ours()
    {
        // TEST-NET-1 (RFC 5737): nobody's.
        var (exitCode, _, error) = await Run("--Urls=http://192.0.2.1:8080", "--Auth:Mode=None");

        exitCode.ShouldBe(2);
        error.TrimEnd().Split(Environment.NewLine).ShouldHaveSingleItem().ShouldStartWith("Urls: ");
    }

    [Fact]
    public async Task Should_name_the_template_that_a_channel_lacks()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder.CreateSubdirectory("news").FullName, "push.en.liquid"),
                "--- title\nNews\n--- body\nNews\n"
            );

            var (exitCode, _, error) = await Run($"--Templates:Folder={folder.FullName}", "--EventTypes:news:Channels=push,email");

            exitCode.ShouldBe(2);
            error.TrimEnd().ShouldBe("EventTypes:news:Channels names email, but there is no template news/email.en.liquid");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A folder that is misspelt would be passed over, and everybody be told what is for all.</summary>
    [Fact]
    public async Task Should_name_the_category_that_an_application_alone_has_texts_for()
    {
        using var texts = new Templates.TemplateFolder().Write("announcment/push.en.liquid", "--- title\nNews\n--- body\nNews\n");

        var (exitCode, _, error) = await Run($"--Applications:cup:Templates:Folder={texts.Path}");

        exitCode.ShouldBe(2);
        error.ShouldStartWith("Applications:cup:Templates:Folder has a folder announcment, and there are no texts for all of that name;");
        error.TrimEnd().ShouldEndWith("did you mean announcement?");
    }

    /// <summary>Texts that were written for Handlebars, which an earlier version filled.</summary>
    [Fact]
    public async Task Should_say_how_templates_of_an_earlier_version_are_brought_up_to_date()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var old = Path.Combine(folder.CreateSubdirectory("order-placed").FullName, "push.en.hbs");
            await File.WriteAllTextAsync(old, "--- title\n{{#if product}}{{product}}{{/if}}\n--- body\nNews\n");

            var (exitCode, _, error) = await Run($"--Templates:Folder={folder.FullName}");

            exitCode.ShouldBe(2);
            error
                .TrimEnd()
                .ShouldBe(
                    $"Templates: {old}: templates are Liquid and no longer Handlebars: rename every .hbs file to .liquid, "
                        + "and write its tags as docs/templates.md shows"
                );
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Should_stop_with_one_line_when_https_has_no_certificate()
    {
        // A home of its own, in which no developer's certificate lies.
        var home = Directory.CreateTempSubdirectory();
        try
        {
            await using var host = HostProgram.Start(
                new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = home.FullName },
                "--Urls=https://127.0.0.1:0"
            );

            (await host.ExitCode()).ShouldBe(2);
            host.Output.ShouldHaveSingleItem().ShouldStartWith("Urls: https needs a certificate; set Kestrel:Certificates:Default:Path");
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Should_stop_with_one_line_when_no_server_answers()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var nobody = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();

        var (exitCode, _, error) = await Run(
            "--Transport=RabbitMq",
            $"--ConnectionStrings:RabbitMq=amqp://user:{Secret}@127.0.0.1:{nobody}",
            $"--ConnectionStrings:Postgres=Host=127.0.0.1;Port={nobody};Username=user;Password={Secret}",
            "--Postgres:StartTimeout=00:00:00"
        );

        exitCode.ShouldBe(2);
        error.TrimEnd().Split(Environment.NewLine).ShouldHaveSingleItem().ShouldStartWith("ConnectionStrings:Postgres: ");
        error.ShouldNotContain(Secret);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-?")]
    public async Task Should_help_whoever_asks(string argument)
    {
        var (exitCode, output, error) = await Run("--Transprot=x", argument);

        exitCode.ShouldBe(0);
        error.ShouldBeEmpty();
        foreach (var setting in Settings(typeof(HostSettings)))
            output.ShouldContain($"  {setting} ");
    }

    /// <summary>Every key there is, as the help spells it. What is missing here is missing there.</summary>
    static IEnumerable<string> Settings(Type type, string path = "") =>
        from property in type.GetProperties().Where(property => property.CanWrite)
        let key = path + property.Name
        let generic = property.PropertyType.IsGenericType ? property.PropertyType.GetGenericTypeDefinition() : null
        let dictionary = generic == typeof(IReadOnlyDictionary<,>)
        let numbered = generic == typeof(IReadOnlyList<>) && property.PropertyType != typeof(IReadOnlyList<string>)
        let section = dictionary ? property.PropertyType.GetGenericArguments()[1]
        : numbered ? property.PropertyType.GetGenericArguments()[0]
        : property.PropertyType
        from setting in section.Assembly.GetName().Name!.StartsWith("NotificationBus", StringComparison.Ordinal) && section.IsClass
            ? Settings(
                section,
                dictionary ? $"{key}:{Entry(property)}:"
                    : numbered ? $"{key}:{{number}}:"
                    : $"{key}:"
            )
            : [key]
        select setting;

    static string Entry(PropertyInfo dictionary) =>
        dictionary.Name switch
        {
            nameof(HostSettings.EventTypes) => "{category}",
            nameof(HostSettings.Applications) => "{name}",
            _ => "{channel}",
        };

    static async Task<(int ExitCode, string Output, string Error)> Run(params string[] args)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exitCode = await NotificationHost
            .Run(
                args.Any(argument => argument.StartsWith("--Urls", StringComparison.Ordinal))
                    ? args
                    : [.. args, "--Urls=http://127.0.0.1:0"],
                output,
                error
            )
            .WaitAsync(RunningHost.Patience);
        return (exitCode, output.ToString(), error.ToString());
    }
}
