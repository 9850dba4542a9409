"""Chooses the channels of an installation by its settings."""

from collections.abc import Callable, Mapping

from engine.clock import Clock
from engine.work import Engine
from handlers.settings import Settings, Supplier
from handlers.shared.channels import Channel, Channels
from handlers.shared.channels.development import TableChannel
from handlers.shared.channels.gateway import GatewayClient
from handlers.shared.channels.mail import SmtpMail
from handlers.shared.channels.suppliers import AliyunSms, TencentSms

SUPPLIERS: Mapping[str, Callable[[Supplier, Clock], Channel]] = {"aliyun": AliyunSms, "tencent": TencentSms}


def channels_of(engine: Engine, settings: Settings) -> Channels:
    """Return gateways and a mail server where the settings name them, and tables where they do not."""
    clock = engine.clock

    def reach(channel: str) -> GatewayClient | TableChannel:
        gateway = {"sms": settings.sms, "wechat": settings.wechat, "voice": settings.voice}[channel]
        return GatewayClient(channel, gateway, clock) if gateway.url else keep(channel)

    def keep(channel: str) -> TableChannel:
        return TableChannel(channel, engine, is_demo=settings.demo)

    mail = SmtpMail(settings.mail, clock) if settings.mail.host else keep("mail")
    direct = SUPPLIERS.get(settings.supplier.name)
    sms = reach("sms") if direct is None else direct(settings.supplier, clock)
    return Channels(sms=sms, wechat=reach("wechat"), mail=mail, voice=reach("voice"))
